/**
 * HTTP/2, loaded by the first connection that speaks it.
 *
 * `node:http2` brings TLS and its own streams along: 10 MB that a server whose clients speak HTTP/1.1 need not carry.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Http2, Http2Options } from "./http2.ts";

/** Serves HTTP/2 from the first connection on. */
export class Http2OnDemand {
  readonly #options: Http2Options;
  #loading: Promise<Http2> | undefined;
  #http2: Http2 | undefined;
  #isRetired = false;

  /** @param options - what to work with */
  constructor(options: Http2Options) {
    this.#options = options;
  }

  /** Serves a connection. */
  accept(socket: Socket): void {
    if (this.#http2) this.#http2.accept(socket);
    else void this.#acceptLater(socket);
  }

  /** Asks all clients to go elsewhere; sessions end with their last stream. */
  retire(): void {
    this.#isRetired = true;
    this.#http2?.retire();
  }

  async #acceptLater(socket: Socket): Promise<void> {
    // Nobody else listens to the socket yet, and an error without a listener would end the process.
    const onError = (error: Error): void => this.#options.logger.debug({ error }, "connection failed");
    socket.on("error", onError);
    try {
      this.#loading ??= this.#load();
      const http2 = await this.#loading;
      if (!socket.destroyed) http2.accept(socket);
      if (this.#isRetired) http2.retire();
    } catch (error) {
      this.#options.logger.error({ error }, "http/2 cannot be served");
      socket.destroy();
    } finally {
      socket.off("error", onError);
    }
  }

  async #load(): Promise<Http2> {
    const { Http2 } = await import("./http2.ts");
    this.#http2 = new Http2(this.#options);
    return this.#http2;
  }
}
