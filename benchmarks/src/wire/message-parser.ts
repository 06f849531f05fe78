/**
 * Reads HTTP/1.1 messages, requests or answers, from a connection.
 *
 * `node:http` costs as much as what is measured with it. This reader knows only what the parties of a run send to each
 * other: a head, and a body by `content-length` or in chunks.
 *
 * @module
 */

/** Told what comes. */
export interface MessageHandler {
  /** @param head - start line and headers, without the empty line */
  onHead(head: string): void;
  onBody(piece: Buffer): void;
  onEnd(): void;
}

type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

const headEnd = "\r\n\r\n";
const lineEnd = "\r\n";
const nothing: Buffer = Buffer.alloc(0);

/** The reader of one connection. */
export class MessageParser {
  readonly #handler: MessageHandler;
  #state: State = "head";
  #held: Buffer = nothing;
  #remaining = 0;

  /** @param handler - told what comes */
  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /**
   * Reads on.
   *
   * @throws {Error} for a message that cannot be framed
   */
  push(bytes: Buffer): void {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = nothing;
    let at = 0;
    while (at < all.length) {
      const next = this.#step(all, at);
      if (next === undefined) {
        this.#held = all.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Where to go on; undefined when more has to come first. */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at);
      case "length":
      case "chunk":
        return this.#readBody(bytes, at);
      case "chunk-size":
        return this.#readLine(bytes, at, (line) => this.#beginChunk(Number.parseInt(line, 16)));
      case "chunk-end":
        return this.#readLine(bytes, at, () => {
          this.#state = "chunk-size";
        });
      case "trailer":
        return this.#readLine(bytes, at, (line) => {
          if (line === "") this.#end();
        });
    }
  }

  #readHead(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf(headEnd, at, "latin1");
    if (end === -1) return undefined;
    const head = bytes.toString("latin1", at, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#handler.onHead(head);
    if (length !== undefined) this.#beginBody(Number(length));
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = "chunk-size";
    else if (head.startsWith("HTTP/")) throw new Error("an answer without a length");
    else this.#end();
    return end + headEnd.length;
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#handler.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#remaining > 0) return end;
    if (this.#state === "chunk") this.#state = "chunk-end";
    else this.#end();
    return end;
  }

  #readLine(bytes: Buffer, at: number, take: (line: string) => void): number | undefined {
    const end = bytes.indexOf(lineEnd, at, "latin1");
    if (end === -1) return undefined;
    take(bytes.toString("latin1", at, end));
    return end + lineEnd.length;
  }

  #beginBody(length: number): void {
    this.#remaining = length;
    if (length === 0) this.#end();
    else this.#state = "length";
  }

  #beginChunk(length: number): void {
    if (Number.isNaN(length)) throw new Error("a chunk without a size");
    this.#remaining = length;
    this.#state = length === 0 ? "trailer" : "chunk";
  }

  #end(): void {
    this.#state = "head";
    this.#handler.onEnd();
  }
}
