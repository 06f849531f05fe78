/**
 * Failures in the form all three protocols send.
 *
 * @see https://google.aip.dev/193 for the details
 * @module
 */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@llmproxy/proto";
import { errorTable, type GrpcStatus, type ProxyError } from "@llmproxy/spec";

const codes: Readonly<Record<GrpcStatus, Code>> = {
  CANCELLED: Code.Canceled,
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  PERMISSION_DENIED: Code.PermissionDenied,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  UNIMPLEMENTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
  UNAUTHENTICATED: Code.Unauthenticated,
};

/** The status a failure is answered with. */
export function connectCode(error: ProxyError): Code {
  return codes[errorTable[error.code].grpc];
}

/**
 * Writes a failure: status and message, `ErrorInfo` with the code, and where a retry has a time, `RetryInfo` and
 * the metadata `retry-after` (seconds) and `retry-after-ms`; where no retry can help, `x-should-retry: false`, as
 * over HTTP. The cause stays here.
 */
export function connectError(error: ProxyError): ConnectError {
  const { code, field, retryAfterMs } = error;
  // Whoever tries keys must not learn which part was wrong; the log has the reason.
  const reason = code === "unauthenticated" ? undefined : error.reason;
  const errorInfo = {
    desc: ErrorInfoSchema,
    value: {
      reason: code.toUpperCase(),
      domain: "llmproxy",
      metadata: { ...(field !== undefined && { field }), ...(reason !== undefined && { reason }) },
    },
  };
  const metadata = error.retryable ? {} : { "x-should-retry": "false" };
  if (retryAfterMs === undefined)
    return new ConnectError(error.message, connectCode(error), metadata, [errorInfo]);
  const times = {
    "retry-after": String(Math.ceil(retryAfterMs / 1000)),
    "retry-after-ms": String(Math.ceil(retryAfterMs)),
  };
  const retryInfo = { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) } };
  const details = [errorInfo, retryInfo];
  return new ConnectError(error.message, connectCode(error), { ...metadata, ...times }, details);
}

/**
 * Makes INVALID_ARGUMENT of INTERNAL in an error Connect raises by itself, before it is sent: a message that cannot
 * be parsed is the client's mistake, and INTERNAL shall mean that somebody here has to look.
 */
export function blameClient(error: ConnectError): void {
  // The code is read-only to its readers; there is no other way between where Connect throws it and where it sends it.
  if (error.code === Code.Internal) Object.assign(error, { code: Code.InvalidArgument });
}
