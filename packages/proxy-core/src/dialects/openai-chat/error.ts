/**
 * Errors, as vendors of this dialect name them and as we write them for its clients.
 *
 * @module
 */

import { errorTable, type JsonObject, type JsonValue, type ProxyError } from "@llmproxy/spec";
import { defined } from "../../json/value.ts";
import { dataFrame } from "../../sse/events.ts";
import {
  type ErrorStatuses,
  readErrorEvent as readEvent,
  readErrorValue as readValue,
} from "../vendor-error.ts";

export { readError } from "../vendor-error.ts";

const statuses: ErrorStatuses = new Map([
  ["invalid_request_error", 400],
  ["context_length_exceeded", 400],
  ["authentication_error", 401],
  ["invalid_api_key", 401],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["server_error", 500],
  ["overloaded_error", 503],
]);

/**
 * Reads the error a vendor reports in the middle of a stream, or in an answer whose status says success.
 *
 * @param value - the value of `error`, or the whole payload of an `error` event
 */
export function readErrorValue(value: JsonValue): ProxyError {
  return readValue(value, statuses);
}

/** Reads the payload of an `error` event; it need not be JSON. */
export function readErrorEvent(data: string): ProxyError {
  return readEvent(data, statuses);
}

/** Writes an error in OpenAI's shape. What the vendor itself said of an error is kept where it said it. */
export function writeError(error: ProxyError): JsonObject {
  const vendor = error.code === "upstream_failed" ? error.vendor : undefined;
  return {
    error: {
      message: error.message,
      type: vendor?.type ?? errorTable[error.code].openai,
      param: vendor?.param ?? error.field ?? null,
      code: vendor?.code ?? error.code,
      // Whoever tries keys must not learn which part was wrong; the log has the reason.
      ...defined({ reason: error.code === "unauthenticated" ? undefined : error.reason }),
    },
  };
}

/** Writes an error as a frame inside a stream that has begun; nothing may follow it. */
export function writeErrorFrame(error: ProxyError): string {
  return dataFrame(writeError(error));
}
