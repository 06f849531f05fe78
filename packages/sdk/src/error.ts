/**
 * What a call that failed throws.
 *
 * @module
 */

/** Why a call can fail. The codes are those of llmproxy itself, the same on each of its surfaces. */
export type ErrorCode =
  | "invalid_request"
  | "unauthenticated"
  | "permission_denied"
  | "project_inactive"
  | "model_not_allowed"
  | "origin_not_allowed"
  | "model_not_found"
  | "endpoint_not_found"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "too_large"
  | "unsupported_media_type"
  | "idempotency_mismatch"
  | "limit_exceeded"
  | "budget_exceeded"
  | "headers_too_large"
  | "canceled"
  | "internal"
  | "upstream_failed"
  | "upstream_auth"
  | "upstream_cut"
  | "unavailable"
  | "overloaded"
  | "circuit_open"
  | "deadline_exceeded";

/** What is known about a failure. */
export interface LlmProxyErrorDetails {
  /** Path of the offending field as the proto spells it, e.g. `chat.messages[2].role`. */
  readonly field?: string | undefined;
  /** A more exact reason than the code. */
  readonly reason?: string | undefined;
  /** How long the server asks to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Under which the server logged the call. */
  readonly requestId?: string | undefined;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

const brand = Symbol.for("llmproxy.sdk.error");

/** A call that failed. */
export class LlmProxyError extends Error {
  override readonly name = "LlmProxyError";
  /** Why; a newer server may send codes that are not in the list. */
  readonly code: ErrorCode | (string & {});
  /** Path of the offending field as the proto spells it, e.g. `chat.messages[2].role`. */
  readonly field: string | undefined;
  /** A more exact reason than the code. */
  readonly reason: string | undefined;
  /** How long the server asks to wait before trying again, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Under which the server logged the call. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode | (string & {}), message: string, details: LlmProxyErrorDetails = {}) {
    super(message, { cause: details.cause });
    Object.defineProperty(this, brand, { value: true });
    this.code = code;
    this.field = details.field;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
    this.requestId = details.requestId;
  }

  /** Whether `value` is an `LlmProxyError`, also when two copies of this package are loaded. */
  static is(value: unknown): value is LlmProxyError {
    return typeof value === "object" && value !== null && brand in value;
  }
}
