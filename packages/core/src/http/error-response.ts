/**
 * Answering with an error.
 *
 * @module
 */

import type { JsonObject, ProxyError } from "@llmproxy/spec";
import type { HttpResponse } from "./exchange.ts";

/** Writes an error in the shape of a surface. */
export type ErrorWriter = (error: ProxyError) => JsonObject;

/** Statuses that tell the client to come back; RFC 9110 §10.2.3 wants them to say when. */
const retryAfterStatuses = new Set([429, 503]);
const defaultRetryAfterMs = 1000;

/**
 * Answers with an error. Does nothing but close when the response has begun.
 *
 * @param response - the response
 * @param error - what went wrong
 * @param write - the shape of the surface
 * @param headers - added to the answer, e.g. `allow`
 */
export function writeErrorResponse(
  response: HttpResponse,
  error: ProxyError,
  write: ErrorWriter,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(write(error)));
  const all = {
    ...headers,
    ...retryHeaders(error),
    "content-type": "application/json",
    "content-length": String(body.length),
  };
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value);
  response.statusCode = error.status;
  response.end(body);
}

function retryHeaders(error: ProxyError): Record<string, string> {
  const headers: Record<string, string> = {};
  // Official SDKs retry 408, 409, 429 and 5xx by themselves; this header stops them where it cannot help.
  if (!error.retryable) headers["x-should-retry"] = "false";
  const retryAfterMs = error.retryAfterMs ?? (needsRetryAfter(error) ? defaultRetryAfterMs : undefined);
  if (retryAfterMs !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return headers;
}

function needsRetryAfter(error: ProxyError): boolean {
  return error.retryable && retryAfterStatuses.has(error.status);
}
