/**
 * What the listener hands requests to.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/**
 * A request that passed the listener's checks. `url` is a path in canonical form with an optional query: it
 * begins with a single `/` and may be compared as it is by routing and authorization alike. A body that was
 * cut off ends with `error`, never with `end`; over HTTP/2 `close` is emitted a second time after that.
 */
export type ListenerRequest = IncomingMessage | Http2ServerRequest;

/**
 * The answer to write. It has the security headers of the listener, unless the handler gives others under their
 * names. Its head is written fastest in one piece: `writeHead` with a flat list, and no header set before.
 */
export type ListenerResponse = ServerResponse | Http2ServerResponse;

/**
 * Answers one request.
 *
 * What it throws, and what a promise it returns rejects with, is logged and answered with 500. Where the
 * client sent `expect: 100-continue`, the interim answer goes out when the handler first reads from the
 * request; a handler that answers without reading never invites the body.
 */
export type RequestHandler = (request: ListenerRequest, response: ListenerResponse) => void;
