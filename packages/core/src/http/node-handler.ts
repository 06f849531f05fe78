/**
 * The endpoints as middleware of Express, Connect and raw `node:http`.
 *
 * @module
 */

import { withoutBase } from "./base-path.ts";
import { type HttpRequest, type HttpResponse, pathOf } from "./exchange.ts";
import type { LlmHttp } from "./llm-http.ts";

/**
 * Answers a request, or passes it on: with `next` only what is an endpoint is answered, without it everything is.
 *
 * Below a mount path the framework takes the path off (`app.use("/llm", proxy.node)`); where it does not, say it
 * by `http.basePath`.
 */
export type NodeHandler = (
  request: HttpRequest,
  response: HttpResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Makes the handler.
 *
 * @param http - the endpoints
 * @param basePath - what precedes the endpoints' own paths in URLs; empty for nothing
 */
export function createNodeHandler(http: LlmHttp, basePath: string): NodeHandler {
  return (request, response, next) => {
    const url = withoutBase(request.url ?? "/", basePath);
    const known = url === undefined || url === request.url ? request : rebased(request, url);
    if (next && (url === undefined || !http.matches(pathOf(known)))) next();
    else if (url === undefined) http.refuse(known, response);
    else http.handle(known, response);
  };
}

/** The same request under another URL; the original's stays, for frameworks go on reading it. */
function rebased(request: HttpRequest, url: string): HttpRequest {
  return {
    method: request.method,
    url,
    headers: request.headers,
    socket: request.socket,
    readableEnded: request.readableEnded,
    body: request.body,
    on: request.on.bind(request),
    off: request.off.bind(request),
  };
}
