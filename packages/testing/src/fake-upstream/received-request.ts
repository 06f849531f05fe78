/**
 * What a fake upstream was asked, and how the client behaved.
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** One request as it came, and how its answer went so far. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, in the order and spelling they were sent. */
  readonly rawHeaders: readonly string[];
  /** The body as far as it has come. */
  readonly body: Buffer;
  /** Which connection it came by; the first is 1. */
  readonly connection: number;
  /** Bytes of the answer's body handed to the system while the connection was open. */
  readonly bytesSent: number;
  /** Chunks the answer has produced, sent or not. */
  readonly chunksProduced: number;
  /** Whether the exchange is over: answered, failed as scripted, or left by the client. */
  readonly isClosed: boolean;
  /** Whether the client left before its answer was complete. */
  readonly isAborted: boolean;
  /**
   * The body as JSON.
   *
   * @throws SyntaxError when it is not
   */
  json(): unknown;
}

/** The side of a {@link ReceivedRequest} that the server writes. */
export class RequestRecord implements ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly connection: number;
  body = Buffer.alloc(0);
  bytesSent = 0;
  chunksProduced = 0;
  isClosed = false;
  isAborted = false;
  /** Whether the server itself ended the connection. */
  hasFailed = false;
  /** Whether the request has come completely. */
  isRead = false;

  constructor(incoming: IncomingMessage, connection: number) {
    this.method = incoming.method ?? "";
    this.path = incoming.url ?? "";
    this.headers = incoming.headers;
    this.rawHeaders = incoming.rawHeaders;
    this.connection = connection;
  }

  json(): unknown {
    return JSON.parse(this.body.toString("utf8"));
  }
}
