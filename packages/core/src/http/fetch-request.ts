/**
 * A Fetch API request as the endpoints see one.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { HttpRequest } from "./exchange.ts";

type Listener = (chunk: Buffer) => void;

/** The body is read as soon as somebody listens, and only as fast as chunks are taken. */
export class FetchRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether somebody has the body already, read or not: it can be read only once. */
  readonly readableEnded: boolean;
  /** The Fetch API does not say where a request comes from. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly #body: ReadableStream<Uint8Array> | null;
  readonly #listeners = new Map<string, Set<Listener>>();
  #isReading = false;

  /**
   * @param request - where its body has been used, there is none to read
   * @param url - path and query as the endpoints know them
   */
  constructor(request: Request, url: string, remoteAddress: string | undefined) {
    this.method = request.method;
    this.url = url;
    this.headers = Object.fromEntries(request.headers);
    this.socket = { remoteAddress };
    this.readableEnded = request.bodyUsed || request.body?.locked === true;
    this.#body = request.body;
  }

  on(event: string, listener: Listener): this {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener));
    if (event === "data" && !this.#isReading) {
      this.#isReading = true;
      // Not in this turn: whoever listens has its other listeners still to add.
      queueMicrotask(() => void this.#read());
    }
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  async #read(): Promise<void> {
    try {
      // In here: who handed the request over may have begun to read its body meanwhile.
      const reader = this.#body?.getReader();
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        if (!this.#hasListeners("data")) return await reader?.cancel();
        this.#emit("data", Buffer.from(read.value.buffer, read.value.byteOffset, read.value.byteLength));
      }
      this.#emit("end");
    } catch {
      // The client left, or whoever made the body failed: there is no more of it.
      this.#emit("error");
    }
  }

  #hasListeners(event: string): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  #emit(event: string, chunk: Buffer = nothing): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(chunk);
  }
}

const nothing = Buffer.alloc(0);
