/**
 * What went wrong with a try: the error for the caller, and what it says about the server.
 *
 * @module
 */

import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorInfo, ErrorInfoSchema, RetryInfoSchema } from "@llmproxy/proto";
import { type ErrorCode, LlmProxyError } from "../error.ts";

/**
 * What a failed try says about the server.
 *
 * `refused`: it did nothing, and may later. `unreachable`: it was not reached, so it did nothing. `lost`: it was, or
 * may have been, and what it did is not known. `answered`: it said no, and would again.
 */
export type FailureKind = "refused" | "unreachable" | "lost" | "answered";

/** A try that failed. */
export interface Failure {
  readonly error: LlmProxyError;
  readonly kind: FailureKind;
  /** Whether another server may well answer: this one is gone or cannot take calls. */
  readonly isOfServer: boolean;
}

const domain = "llmproxy";

/** What a status means where the server does not say it in its own words: a balancer in between, or no server at all. */
const codes: Readonly<Record<Code, ErrorCode>> = {
  [Code.Canceled]: "canceled",
  [Code.Unknown]: "internal",
  [Code.InvalidArgument]: "invalid_request",
  [Code.DeadlineExceeded]: "deadline_exceeded",
  [Code.NotFound]: "not_found",
  [Code.AlreadyExists]: "conflict",
  [Code.PermissionDenied]: "permission_denied",
  [Code.ResourceExhausted]: "limit_exceeded",
  [Code.FailedPrecondition]: "invalid_request",
  [Code.Aborted]: "unavailable",
  [Code.OutOfRange]: "invalid_request",
  [Code.Unimplemented]: "endpoint_not_found",
  [Code.Internal]: "internal",
  [Code.Unavailable]: "unavailable",
  [Code.DataLoss]: "internal",
  [Code.Unauthenticated]: "unauthenticated",
};

/** Codes after which the same call may succeed, by what they say about the server. */
const kinds: Readonly<Record<string, FailureKind>> = {
  limit_exceeded: "refused",
  overloaded: "refused",
  circuit_open: "refused",
  unavailable: "lost",
  upstream_failed: "lost",
  upstream_cut: "lost",
};

/** Codes of a server that cannot take calls. */
const ofServer: ReadonlySet<string> = new Set(["overloaded", "unavailable"]);

/**
 * Reads what a try threw.
 *
 * @param reason - what it threw
 * @param requestId - the id the call was sent with
 */
export function readFailure(reason: unknown, requestId: string): Failure {
  if (LlmProxyError.is(reason)) return { error: reason, kind: "answered", isOfServer: false };
  const error = ConnectError.from(reason);
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === domain);
  return info ? told(error, info, requestId) : untold(error, requestId);
}

/** The server itself says what is wrong. */
function told(cause: ConnectError, info: ErrorInfo, requestId: string): Failure {
  const code = info.reason.toLowerCase();
  const { field, reason } = info.metadata;
  const error = new LlmProxyError(code, cause.rawMessage, { field, reason, ...detailsOf(cause, requestId) });
  const isFinal = cause.metadata.get("x-should-retry") === "false";
  return { error, kind: isFinal ? "answered" : (kinds[code] ?? "answered"), isOfServer: ofServer.has(code) };
}

/** Nobody says what is wrong, or only by a status. */
function untold(cause: ConnectError, requestId: string): Failure {
  const details = detailsOf(cause, requestId);
  if (isBroken(cause)) {
    const error = new LlmProxyError("unavailable", `the connection failed: ${cause.rawMessage}`, details);
    return { error, kind: isUnreachable(cause) ? "unreachable" : "lost", isOfServer: true };
  }
  const error = new LlmProxyError(codes[cause.code] ?? "internal", cause.rawMessage, details);
  const mayRetry = cause.code === Code.ResourceExhausted && details.retryAfterMs !== undefined;
  return { error, kind: mayRetry ? "refused" : "answered", isOfServer: false };
}

function detailsOf(cause: ConnectError, requestId: string) {
  return {
    requestId: cause.metadata.get("x-request-id") ?? requestId,
    retryAfterMs: retryAfterMs(cause),
    cause,
  };
}

/** How long the server asks to wait: in a detail, or as HTTP says it. */
function retryAfterMs(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay) return Math.max(0, durationMs(delay));
  const seconds = error.metadata.get("retry-after");
  return seconds !== null && /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}

/**
 * Whether a connection failed, whatever the transport calls that: the caller's own cancellation and deadline are
 * told before, so a stream that was canceled otherwise was broken off.
 */
function isBroken(error: ConnectError): boolean {
  if ([Code.Unavailable, Code.Aborted, Code.Canceled].includes(error.code)) return true;
  return causesOf(error).some((cause) => cause instanceof TypeError || codeOf(cause) !== undefined);
}

const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_SOCKET_CONNECTION_TIMEOUT",
]);

function isUnreachable(error: ConnectError): boolean {
  return causesOf(error).some((cause) => neverConnected.has(codeOf(cause) ?? ""));
}

/** Node names its errors by a code. */
function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The errors underneath, from the outermost; Node gives those of several addresses as one. */
function causesOf(error: Error, depth = 0): readonly Error[] {
  if (depth > 8) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  const causes = inner.filter((each): each is Error => each instanceof Error);
  return causes.flatMap((cause) => [cause, ...causesOf(cause, depth + 1)]);
}
