/**
 * Errors, as vendors of this dialect name them and as we write them for its clients.
 *
 * @see Anthropic API, "Errors"
 * @module
 */

import { errorTable, type JsonObject, type JsonValue, type ProxyError } from "@llmproxy/spec";
import { defined } from "../../json/value.ts";
import {
  type ErrorStatuses,
  readErrorEvent as readEvent,
  readErrorValue as readValue,
} from "../vendor-error.ts";
import { eventFrame } from "./event-frame.ts";

export { readError } from "../vendor-error.ts";

const overloaded = 529;
/** HTTP's own status of an overload. */
const unavailable = 503;

const statuses: ErrorStatuses = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["conflict_error", 409],
  ["memory_path_conflict_error", 409],
  ["memory_precondition_failed_error", 412],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", overloaded],
]);

const types: ReadonlyMap<number, string> = new Map([
  ...[...statuses].map(([type, status]) => [status, type] as const).reverse(),
  [408, "timeout_error"],
  [unavailable, "overloaded_error"],
]);

/**
 * Reads the error a vendor reports in the middle of a stream, or in an answer whose status says success.
 *
 * @param value - the value of `error`
 */
export function readErrorValue(value: JsonValue): ProxyError {
  return readValue(value, statuses);
}

/** Reads the payload of an `error` event; it need not be JSON. */
export function readErrorEvent(data: string): ProxyError {
  return readEvent(data, statuses);
}

/**
 * Writes an error in Anthropic's shape. `details.error_code` is where its clients look for something finer than
 * the type; ours is the stable code.
 */
export function writeError(error: ProxyError): JsonObject {
  const vendor = error.code === "upstream_failed" ? error.vendor : undefined;
  const details = defined({
    error_code: typeof vendor?.code === "string" ? vendor.code : error.code,
    field: vendor?.param ?? error.field,
    // Whoever tries keys must not learn which part was wrong; the log has the reason.
    reason: error.code === "unauthenticated" ? undefined : error.reason,
  });
  return { type: "error", error: { type: typeOf(error), message: error.message, details } };
}

/**
 * The type that goes with the status, by which the official clients choose their error's class. A vendor's own is
 * kept if it is one of this dialect for that status: other dialects have the same names with other meanings.
 */
function typeOf({ code, status, vendor }: ProxyError): string {
  if (code !== "upstream_failed" || !vendor) return errorTable[code].anthropic;
  const { type } = vendor;
  if (type !== undefined && statuses.get(type) === status) return type;
  return types.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
}

/** Writes an error as an event inside a stream that has begun; nothing may follow it. */
export function writeErrorFrame(error: ProxyError): string {
  return eventFrame({ ...writeError(error), type: "error" });
}
