/**
 * A client that sends exactly the bytes it is given.
 *
 * @module
 */

import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A plain TCP connection to a listener under test. */
export class RawClient {
  /** The connection. */
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #receivedBytes = 0;
  #hasEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#wake();
    });
    socket.on("end", () => this.#noteEnd());
    socket.on("close", () => this.#noteEnd());
    // How the other side closes is what tests look at; a reset is one way of it.
    socket.on("error", () => {});
  }

  /** Connects to 127.0.0.1. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Whether the other side has said that nothing more will come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How much came so far. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** All that came so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** All that came so far, as text. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** The status codes of the HTTP/1 answers that came so far, interim ones included. */
  get statuses(): readonly number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  /** Sends bytes; resolves when they are on their way, or cannot be sent any more. */
  async send(bytes: string | Uint8Array): Promise<void> {
    if (!this.socket.writable) return;
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Waits until what came so far fulfils a condition. */
  async until(condition: (client: RawClient) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#hasEnded) throw new Error(`the connection ended after: ${this.text}`);
      await this.#something();
    }
  }

  /** Waits for one whole HTTP/1 answer with a content-length. */
  async answer(): Promise<RawAnswer> {
    await this.until(({ text }) => readAnswer(text) !== undefined);
    const answer = readAnswer(this.text);
    if (answer === undefined) throw new Error("unreachable: the answer was just there");
    return answer;
  }

  /** Waits until the other side closes the connection. */
  async ended(): Promise<void> {
    while (!this.#hasEnded) await this.#something();
  }

  /** Closes the connection. */
  close(): void {
    this.socket.destroy();
  }

  /** Resolves when data or the end of the connection comes next. */
  #something(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #noteEnd(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** One HTTP/1 answer. */
export interface RawAnswer {
  /** Status code. */
  readonly status: number;
  /** Headers by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Body. */
  readonly body: string;
}

/** Reads the first answer of a text that is not an interim one; `undefined` while it is incomplete. */
function readAnswer(text: string): RawAnswer | undefined {
  const start = text.search(/HTTP\/1\.1 [2-5]/);
  const end = text.indexOf("\r\n\r\n", start);
  if (start === -1 || end === -1) return undefined;
  const [statusLine = "", ...lines] = text.slice(start, end).split("\r\n");
  const headers = new Map(lines.map((line) => splitHeader(line)));
  const length = Number(headers.get("content-length") ?? 0);
  const body = text.slice(end + 4, end + 4 + length);
  return body.length < length ? undefined : { status: Number(statusLine.split(" ")[1]), headers, body };
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
