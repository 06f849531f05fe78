/**
 * Cross-origin requests of browsers.
 *
 * One policy for every surface. Browsers send credentials of ours in headers that scripts set themselves, never
 * cookies: `access-control-allow-credentials` is therefore never needed, and `*` is safe to allow.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import { type ErrorWriter, writeErrorResponse } from "./error-response.ts";
import { type HttpRequest, type HttpResponse, headerOf } from "./exchange.ts";

/** Which pages may call. */
export interface CorsPolicy {
  /** Origins such as `https://app.example.com`, or `*` for all; none when empty. */
  readonly origins: readonly string[];
  /** How long a browser may remember the answer to its question, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Applies a policy. */
export interface Cors {
  /**
   * Sets the headers of the answer, and answers a preflight.
   *
   * @param write - the shape of the error for an origin that is not allowed
   * @returns whether the request has been answered
   */
  handle(request: HttpRequest, response: HttpResponse, write: ErrorWriter): boolean;
}

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** What scripts may read beside the headers every script may: ours, and those gRPC-Web and Connect live by. */
const exposed = [
  "x-request-id",
  "request-id",
  "x-upstream-request-id",
  "x-next-page-token",
  "openai-processing-ms",
  "retry-after",
  "x-should-retry",
  "x-llmproxy-overhead-ms",
  "x-llmproxy-model",
  "x-llmproxy-provider",
  "x-llmproxy-cache",
  "x-llmproxy-attempts",
  "x-llmproxy-estimated",
  "x-ratelimit-limit-requests",
  "x-ratelimit-limit-tokens",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "connect-content-encoding",
  "www-authenticate",
].join(", ");

/** Names of headers as the Fetch standard lets a browser ask for them. */
const headerNames = /^[!#$%&'*+.^_`|~0-9a-z-]+(\s*,\s*[!#$%&'*+.^_`|~0-9a-z-]+)*$/i;
const maxAskedLength = 4096;

/**
 * Makes the application of a policy.
 *
 * @param policy - read at each request, so that it may change while the server runs
 */
export function createCors(policy: () => CorsPolicy): Cors {
  return {
    handle(request, response, write) {
      const origin = headerOf(request.headers, "origin");
      const { origins, maxAgeMs } = policy();
      if (origins.length === 0) return false;
      // The answer depends on the origin: a shared cache must know, also where there is none.
      response.setHeader("vary", "origin");
      if (origin === undefined) return false;
      const isPreflight =
        request.method === "OPTIONS" &&
        headerOf(request.headers, "access-control-request-method") !== undefined;
      if (!isAllowed(origin, origins)) return isPreflight && refuse(response, origin, write);
      response.setHeader("access-control-allow-origin", origins.includes("*") ? "*" : origin);
      response.setHeader("access-control-expose-headers", exposed);
      if (isPreflight) answerPreflight(request, response, maxAgeMs);
      return isPreflight;
    },
  };
}

/** An origin is compared as a browser writes it: lower case, no default port, no path. */
function isAllowed(origin: string, origins: readonly string[]): boolean {
  return origins.includes("*") || origins.includes(origin);
}

function answerPreflight(request: HttpRequest, response: HttpResponse, maxAgeMs: number): void {
  const asked = headerOf(request.headers, "access-control-request-headers");
  response.setHeader("access-control-allow-methods", methods);
  if (asked !== undefined && asked.length <= maxAskedLength && headerNames.test(asked))
    response.setHeader("access-control-allow-headers", asked);
  response.setHeader("access-control-max-age", String(Math.floor(maxAgeMs / 1000)));
  response.setHeader("content-length", "0");
  response.statusCode = 204;
  response.end();
}

function refuse(response: HttpResponse, origin: string, write: ErrorWriter): true {
  const shown = origin.slice(0, 256);
  const error = new ProxyError(
    "origin_not_allowed",
    `the origin ${JSON.stringify(shown)} is not allowed; server.cors.origins lists those that are`,
    { field: "origin" },
  );
  writeErrorResponse(response, error, write);
  return true;
}
