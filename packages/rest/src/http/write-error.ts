/**
 * Errors in the shape of the management API: `{"error", "code", "field"?, "reason"?}`.
 *
 * @module
 */

import type { JsonObject, ProxyError } from "@llmproxy/spec";
import { breakOff, type HttpResponse } from "./exchange.ts";

/** Statuses that tell the client to come back; RFC 9110 §10.2.3 wants them to say when. */
const retryAfterStatuses = new Set([429, 503]);
const defaultRetryAfterMs = 1000;

/** The body of an error. */
export function errorBody({ code, message, field, reason }: ProxyError): JsonObject {
  // Whoever tries keys must not learn which part was wrong; the log has the reason.
  const isSecret = code === "unauthenticated";
  return {
    error: message,
    code,
    ...(field !== undefined && { field }),
    ...(reason !== undefined && !isSecret && { reason }),
  };
}

/** Answers with an error; breaks off an answer that has begun. Headers that are set already are sent too. */
export function writeError(response: HttpResponse, error: ProxyError): void {
  if (response.headersSent) {
    breakOff(response);
    return;
  }
  const body = Buffer.from(JSON.stringify(errorBody(error)));
  const headers = { ...errorHeaders(error), "content-type": "application/json" };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader("content-length", String(body.length));
  response.statusCode = error.status;
  response.end(body);
}

/** What tells a client whether, when and how to try again. */
export function errorHeaders(error: ProxyError): Record<string, string> {
  const headers: Record<string, string> = {};
  // Official SDKs retry 408, 409, 429 and 5xx by themselves; this header stops them where it cannot help.
  if (!error.retryable) headers["x-should-retry"] = "false";
  const needsRetryAfter = error.retryable && retryAfterStatuses.has(error.status);
  const retryAfterMs = error.retryAfterMs ?? (needsRetryAfter ? defaultRetryAfterMs : undefined);
  if (retryAfterMs !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  // RFC 9110 §15.5.2 wants a 401 to say how to do better.
  if (error.status === 401) headers["www-authenticate"] = "Bearer";
  return headers;
}
