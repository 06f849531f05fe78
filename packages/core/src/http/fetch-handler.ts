/**
 * The endpoints as a function from `Request` to `Response`: Hono, Next.js, Bun, Deno.
 *
 * Node's servers are better served by the Node handler: objects of the Fetch API cost a factor of three.
 *
 * @module
 */

import type { Clock } from "@llmproxy/spec";
import { withoutBase } from "./base-path.ts";
import { FetchRequest } from "./fetch-request.ts";
import { FetchResponse } from "./fetch-response.ts";
import type { LlmHttp } from "./llm-http.ts";

/**
 * Answers a request. The response is given as soon as its status is known; its body then follows at the reader's
 * pace. Aborting the request's signal, or canceling the body, ends the call upstream.
 *
 * The Fetch API does not tell who asks. Where the host knows the client's address it may pass
 * `{ clientAddress }` as second argument, so that whoever keeps failing is held off; what frameworks pass there by
 * themselves is ignored.
 */
export type FetchHandler = (request: Request, context?: unknown) => Promise<Response>;

/**
 * Makes the handler.
 *
 * @param http - the endpoints
 * @param basePath - what precedes the endpoints' own paths in URLs; empty for nothing
 * @param clock - for what a cut answer gives its host
 */
export function createFetchHandler(http: LlmHttp, basePath: string, clock: Clock): FetchHandler {
  return (request, context) => {
    const { pathname, search } = new URL(request.url);
    const response = new FetchResponse(clock, request.method);
    const leave = (): void => response.leave();
    if (request.signal.aborted) queueMicrotask(leave);
    else request.signal.addEventListener("abort", leave, { once: true });
    response.once("close", () => request.signal.removeEventListener("abort", leave));
    const path = withoutBase(pathname, basePath);
    const known = new FetchRequest(request, (path ?? pathname) + search, addressOf(context));
    if (path === undefined) http.refuse(known, response);
    else http.handle(known, response);
    return response.ready;
  };
}

function addressOf(context: unknown): string | undefined {
  if (typeof context !== "object" || context === null || !("clientAddress" in context)) return undefined;
  return typeof context.clientAddress === "string" ? context.clientAddress : undefined;
}
