/**
 * Invites the body of a request only when somebody wants it.
 *
 * @module
 */

import { IncomingMessage } from "node:http";
import type { ListenerRequest, ListenerResponse } from "./handler.ts";

/**
 * Answers 100 when the request is first read from, for a client that waits for it (RFC 9110 §10.1.1).
 *
 * If the final answer begins before that, the client may or may not go on to send the body, so nobody knows
 * where its next request would begin: Node closes an HTTP/1.1 connection after such an answer.
 */
export function continueAtFirstRead(request: ListenerRequest, response: ListenerResponse): void {
  const read = request._read;
  request._read = (size) => {
    request._read = read;
    // Also Node itself reads from a request, to throw its body away, when the answer is complete.
    if (!response.headersSent) response.writeContinue();
    request._read(size);
  };
}

/** Whether a client waits for an interim answer; an HTTP/1.0 client cannot. */
export function expectsContinue(request: ListenerRequest): boolean {
  if (request.headers.expect === undefined) return false;
  return !(request instanceof IncomingMessage) || request.httpVersion === "1.1";
}
