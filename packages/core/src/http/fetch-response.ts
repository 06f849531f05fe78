/**
 * A response that becomes one of the Fetch API, with backpressure.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Clock } from "@llmproxy/spec";
import type { HttpResponse } from "./exchange.ts";

type Event = "drain" | "finish" | "close";

/** How much is held for a reader that is slow; then writers are told to wait. */
const maxHeldBytes = 65_536;

/**
 * How long a host is given to send what it has taken, in milliseconds, before it sees that the answer was cut off. The
 * Fetch API does not tell when that is done, and hosts drop what is still in their buffers when a body fails.
 */
const lastFrameMs = 100;

/** Statuses whose responses have no body (Fetch standard, null body status). */
const bodiless = new Set([204, 205, 304]);

/** The endpoints write into it as into Node's response; {@link FetchResponse.ready} gives what they wrote. */
export class FetchResponse implements HttpResponse {
  statusCode = 200;
  writableEnded = false;
  /** Settles when the status and headers are known. */
  readonly ready: Promise<Response>;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: Error) => void;
  readonly #headers = new Headers();
  readonly #listeners = new Map<Event, Set<() => void>>();
  readonly #written: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #isHead: boolean;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isClosed = false;

  /** @param method - of the request: `HEAD` is answered with the headers alone (RFC 9110 §9.3.2) */
  constructor(clock: Clock, method = "GET") {
    this.#clock = clock;
    this.#isHead = method === "HEAD";
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.ready = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get headersSent(): boolean {
    return this.#controller !== undefined || this.writableEnded;
  }

  get writableNeedDrain(): boolean {
    return !this.#isClosed && this.#controller !== undefined && (this.#controller.desiredSize ?? 0) <= 0;
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  write(chunk: Uint8Array | string, _encoding?: BufferEncoding, written?: () => void): boolean {
    if (this.#isClosed) return false;
    this.#begin();
    // Before the chunk: a reader that waits for it asks for more while it is being handed over.
    if (written) this.#written.push(written);
    this.#controller?.enqueue(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    return !this.writableNeedDrain;
  }

  end(chunk?: Uint8Array): void {
    if (this.#isClosed || this.writableEnded) return;
    if (!this.#controller) {
      this.writableEnded = true;
      // Whole: the platform then knows its length. The copy is typed as the Fetch API wants it.
      const isBodiless = this.#isHead || bodiless.has(this.statusCode);
      const body = chunk === undefined || isBodiless ? null : new Uint8Array(chunk);
      this.#resolve(new Response(body, { status: this.statusCode, headers: this.#headers }));
      this.#close("finish");
      return;
    }
    if (chunk) this.#controller.enqueue(chunk);
    this.writableEnded = true;
    if (this.#isDrained()) this.#finish();
  }

  /** The reader sees an error: a cut must not look like an end. */
  destroy(): void {
    if (this.#isClosed) return;
    const cut = new TypeError("the answer was cut off");
    const controller = this.#controller;
    if (controller) this.#clock.schedule(lastFrameMs, () => controller.error(cut));
    else this.#reject(cut);
    this.#close();
  }

  /** The client has left. */
  leave(): void {
    if (!this.#isClosed && !(this.writableEnded && this.#isDrained())) this.destroy();
  }

  on(event: Event, listener: () => void): this {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener));
    return this;
  }

  once(event: Event, listener: () => void): this {
    const single = (): void => {
      this.off(event, single);
      listener();
    };
    return this.on(event, single);
  }

  off(event: Event, listener: () => void): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  #begin(): void {
    if (this.#controller) return;
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pulled(),
        cancel: () => this.#close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: maxHeldBytes }),
    );
    this.#resolve(new Response(stream, { status: this.statusCode, headers: this.#headers }));
  }

  /** The reader wants more: what was written is with it once nothing is held any more. */
  #pulled(): void {
    if (this.#isDrained()) for (const written of this.#written.splice(0)) written();
    if (this.writableEnded && this.#isDrained()) this.#finish();
    else this.#emit("drain");
  }

  /** A stream that has been closed does not tell any more when it has been read. */
  #finish(): void {
    if (this.#isClosed) return;
    this.#controller?.close();
    this.#close("finish");
  }

  #isDrained(): boolean {
    return (this.#controller?.desiredSize ?? maxHeldBytes) >= maxHeldBytes;
  }

  #close(first?: "finish"): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (first) this.#emit(first);
    this.#emit("close");
  }

  #emit(event: Event): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener();
  }
}
