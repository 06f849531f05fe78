/**
 * An upstream's answer.
 *
 * @module
 */

import type { ProxyError } from "@llmproxy/spec";
import type { UpstreamBody } from "./upstream-body.ts";
import type { UpstreamHeaders } from "./upstream-headers.ts";

/** An answer whose head has come. Whoever holds it reads to the end or calls `destroy`. */
export interface UpstreamResponse {
  /** Never 1xx or 3xx. */
  readonly status: number;
  readonly headers: UpstreamHeaders;
  /** Whether the body came to the end that HTTP announced. */
  readonly complete: boolean;
  /**
   * Reads on; one read at a time. The upstream is made to wait while nobody reads.
   *
   * @returns all bytes that have arrived, or undefined at the end
   * @throws `upstream_cut` when the body breaks off, once what has arrived is read
   * @throws `deadline_exceeded` when a time limit passed
   * @throws the signal's reason when it aborted
   */
  read(): Promise<Buffer | undefined>;
  /** Calls `listener` as soon as the body fails, which is before the reader has come to that point. */
  onFailure(listener: (error: ProxyError) => void): void;
  /** Closes the connection unless the body has ended. Reads then throw `error`, without one they end. */
  destroy(error?: ProxyError): void;
}

/** A class because it has an accessor: in a literal that would cost each answer a hidden class of its own. */
export class AnsweredResponse implements UpstreamResponse {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly destroy: (error?: ProxyError) => void;
  readonly #body: UpstreamBody;

  /**
   * @param status - never 1xx or 3xx
   * @param headers - lower-case names
   * @param body - what reads the rest
   * @param destroy - closes the connection
   */
  constructor(
    status: number,
    headers: UpstreamHeaders,
    body: UpstreamBody,
    destroy: (error?: ProxyError) => void,
  ) {
    this.status = status;
    this.headers = headers;
    this.destroy = destroy;
    this.#body = body;
  }

  get complete(): boolean {
    return this.#body.complete;
  }

  read(): Promise<Buffer | undefined> {
    return this.#body.read();
  }

  onFailure(listener: (error: ProxyError) => void): void {
    this.#body.onFailure(listener);
  }
}
