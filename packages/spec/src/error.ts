/**
 * Every way a request can fail, once.
 *
 * Edges look a code up in {@link errorTable} and write it in the shape of their surface; nobody switches
 * over codes. To add a failure, add a row.
 *
 * @module
 */

/** The canonical gRPC status names in use; also the `status` strings of Google's JSON errors (AIP-193). */
export type GrpcStatus =
  | "CANCELLED"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "UNAUTHENTICATED";

/** How one error code looks on every surface. */
export interface ErrorRow {
  /** HTTP status code. */
  readonly http: number;
  /** gRPC status; Google's JSON errors carry the same name. */
  readonly grpc: GrpcStatus;
  /** `error.type` in OpenAI's shape. */
  readonly openai: string;
  /** `error.type` in Anthropic's shape. */
  readonly anthropic: string;
  /** Whether the same request may succeed when it is sent again later. */
  readonly retryable: boolean;
}

const badRequest = { openai: "invalid_request_error", anthropic: "invalid_request_error", retryable: false };
const forbidden = { http: 403, openai: "permission_error", anthropic: "permission_error", retryable: false };
const missing = { http: 404, openai: "not_found_error", anthropic: "not_found_error", retryable: false };
const limited = {
  http: 429,
  grpc: "RESOURCE_EXHAUSTED",
  openai: "rate_limit_error",
  anthropic: "rate_limit_error",
} as const;
const upstream = { http: 502, openai: "upstream_error", anthropic: "api_error" };
const busy = {
  http: 503,
  grpc: "UNAVAILABLE",
  openai: "server_error",
  anthropic: "overloaded_error",
  retryable: true,
} as const;

/** Every error code with its form on each surface. Codes are stable: documented, never renamed. */
export const errorTable = {
  invalid_request: { http: 400, grpc: "INVALID_ARGUMENT", ...badRequest },
  unauthenticated: {
    http: 401,
    grpc: "UNAUTHENTICATED",
    openai: "authentication_error",
    anthropic: "authentication_error",
    retryable: false,
  },
  permission_denied: { grpc: "PERMISSION_DENIED", ...forbidden },
  project_inactive: { grpc: "PERMISSION_DENIED", ...forbidden },
  model_not_allowed: { grpc: "PERMISSION_DENIED", ...forbidden },
  origin_not_allowed: { grpc: "PERMISSION_DENIED", ...forbidden },
  model_not_found: { grpc: "NOT_FOUND", ...missing },
  endpoint_not_found: { grpc: "UNIMPLEMENTED", ...missing },
  not_found: { grpc: "NOT_FOUND", ...missing },
  method_not_allowed: { http: 405, grpc: "UNIMPLEMENTED", ...badRequest },
  conflict: { http: 409, grpc: "ALREADY_EXISTS", ...badRequest },
  too_large: {
    http: 413,
    grpc: "RESOURCE_EXHAUSTED",
    openai: "invalid_request_error",
    anthropic: "request_too_large",
    retryable: false,
  },
  unsupported_media_type: { http: 415, grpc: "INVALID_ARGUMENT", ...badRequest },
  idempotency_mismatch: { http: 422, grpc: "FAILED_PRECONDITION", ...badRequest },
  limit_exceeded: { ...limited, retryable: true },
  budget_exceeded: { ...limited, retryable: false },
  headers_too_large: { http: 431, grpc: "RESOURCE_EXHAUSTED", ...badRequest },
  canceled: {
    http: 499,
    grpc: "CANCELLED",
    openai: "invalid_request_error",
    anthropic: "api_error",
    retryable: false,
  },
  internal: { http: 500, grpc: "INTERNAL", openai: "server_error", anthropic: "api_error", retryable: true },
  upstream_failed: { ...upstream, grpc: "UNAVAILABLE", retryable: true },
  upstream_auth: { ...upstream, grpc: "FAILED_PRECONDITION", retryable: false },
  upstream_cut: { ...upstream, grpc: "UNAVAILABLE", retryable: true },
  unavailable: { ...busy },
  overloaded: { ...busy },
  circuit_open: { ...busy },
  deadline_exceeded: {
    http: 504,
    grpc: "DEADLINE_EXCEEDED",
    openai: "server_error",
    anthropic: "timeout_error",
    retryable: true,
  },
} as const satisfies Record<string, ErrorRow>;

/** A stable error code, as it is written on the wire. */
export type ErrorCode = keyof typeof errorTable;

/** What a vendor itself said about a failure, kept so that a client of the same dialect sees it unchanged. */
export interface VendorError {
  /** The vendor's HTTP status. */
  readonly status: number;
  /** The vendor's `type`, when it gave one. */
  readonly type?: string;
  /** The vendor's `code`, when it gave one. */
  readonly code?: string | number;
  /** The vendor's name of the offending parameter, when it gave one. */
  readonly param?: string;
}

/** Optional facts about a failure. */
export interface ProxyErrorDetails {
  /** Path of the offending input field, e.g. `messages[2].role`. */
  readonly field?: string;
  /** A finer, stable reason beside the code, e.g. `token_expired`; lower snake case. */
  readonly reason?: string;
  /** How long the caller should wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** What the vendor said, when the failure is the vendor's answer. */
  readonly vendor?: VendorError;
  /** For the log only; never sent. */
  readonly cause?: unknown;
}

/** Statuses about the hop between us and the vendor, which a client would take for its own (RFC 9110 §15.5). */
const hopStatuses: ReadonlySet<number> = new Set([401, 403, 407, 421, 426]);

const brand = Symbol.for("llmproxy.error");

/**
 * A failure with a stable code. `message` is written for the caller and is safe to send; whatever is not
 * goes into `cause`.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** The stable code; a key of {@link errorTable}. */
  readonly code: ErrorCode;
  /** Path of the offending input field, e.g. `messages[2].role`. */
  readonly field: string | undefined;
  /** A finer, stable reason beside the code. */
  readonly reason: string | undefined;
  /** How long the caller should wait before trying again, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What the vendor said, when the failure is the vendor's answer. */
  readonly vendor: VendorError | undefined;

  /**
   * @param code - a key of {@link errorTable}
   * @param message - for the caller: what happened and what would be right; lower case, no secrets
   * @param details - optional facts
   */
  constructor(code: ErrorCode, message: string, details: ProxyErrorDetails = {}) {
    super(message, { cause: details.cause });
    Object.defineProperty(this, brand, { value: true });
    this.code = code;
    this.field = details.field;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
    this.vendor = details.vendor;
  }

  /**
   * The HTTP status to answer with: the vendor's own where the failure is the vendor's answer
   * (`upstream_failed`), else the code's.
   */
  get status(): number {
    if (this.code !== "upstream_failed" || !this.vendor || hopStatuses.has(this.vendor.status))
      return errorTable[this.code].http;
    return this.vendor.status;
  }

  /** Whether the same request may succeed later; a vendor's 4xx other than 408, 409 and 429 will not. */
  get retryable(): boolean {
    if (this.code !== "upstream_failed" || !this.vendor) return errorTable[this.code].retryable;
    const { status } = this.vendor;
    return status >= 500 || status === 408 || status === 409 || status === 429;
  }

  /** Whether `value` is a `ProxyError`, also when two copies of this package are loaded. */
  static is(value: unknown): value is ProxyError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /**
   * Turns whatever was caught into a `ProxyError`: one passes through, an abort becomes `canceled`, a
   * timeout `deadline_exceeded`, anything else `internal` with a neutral message.
   */
  static from(reason: unknown): ProxyError {
    if (ProxyError.is(reason)) return reason;
    const name = reason instanceof Error ? reason.name : "";
    if (name === "AbortError")
      return new ProxyError("canceled", "the request was canceled", { cause: reason });
    if (name === "TimeoutError")
      return new ProxyError("deadline_exceeded", "the deadline passed", { cause: reason });
    return new ProxyError("internal", "internal error", { cause: reason });
  }
}
