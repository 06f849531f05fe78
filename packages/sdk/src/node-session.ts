/**
 * An HTTP/2 connection whose opening is not waited for without end: an address that swallows packets would hold a
 * call for minutes before another server is tried.
 *
 * @module
 */

import { type ClientSessionOptions, constants, type SecureClientSessionOptions } from "node:http2";
import { Http2SessionManager, type Http2SessionOptions } from "@connectrpc/connect-node";
import type { Clock } from "./clock.ts";

/** What a session is made from. */
export interface NodeSessionOptions {
  readonly baseUrl: string;
  /** Milliseconds a connection may take to be opened. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  /** When a silent connection is asked whether it still lives. */
  readonly pings: Http2SessionOptions;
  /** As of Node's `http2.connect`. */
  readonly connect: ClientSessionOptions | SecureClientSessionOptions | undefined;
}

/** Connect's manager of a connection, with an end to its patience. */
export class NodeSession {
  readonly #manager: Http2SessionManager;
  readonly #options: NodeSessionOptions;

  constructor(options: NodeSessionOptions) {
    this.#options = options;
    this.#manager = new Http2SessionManager(options.baseUrl, options.pings, options.connect);
  }

  /** The server's scheme, name and port. */
  get authority(): string {
    return this.#manager.authority;
  }

  /**
   * Begins a request, on a connection that is opened if need be.
   *
   * @throws Error with the code `ERR_SOCKET_CONNECTION_TIMEOUT`, Node's own, when it cannot be opened in time
   */
  async request(
    ...request: Parameters<Http2SessionManager["request"]>
  ): ReturnType<Http2SessionManager["request"]> {
    const { connectTimeoutMs, clock } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = clock.schedule(connectTimeoutMs, () => late.reject(timeoutError(connectTimeoutMs)));
    const begun = this.#manager.request(...request);
    try {
      return await Promise.race([begun, late.promise]);
    } catch (reason) {
      // The connection may be opened yet, for later requests; nobody waits for this one any more.
      begun.then(
        (stream) => stream.close(constants.NGHTTP2_CANCEL),
        () => undefined,
      );
      throw reason;
    } finally {
      timer.cancel();
    }
  }

  /** Tells that the connection lives. */
  notifyResponseByteRead(...stream: Parameters<Http2SessionManager["notifyResponseByteRead"]>): void {
    this.#manager.notifyResponseByteRead(...stream);
  }

  /** Closes the connection and what goes over it. */
  close(): void {
    this.#manager.abort();
  }
}

function timeoutError(timeoutMs: number): Error {
  const error = new Error(`no connection within ${timeoutMs} ms`);
  return Object.assign(error, { code: "ERR_SOCKET_CONNECTION_TIMEOUT" });
}
