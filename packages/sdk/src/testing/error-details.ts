/**
 * Failures as llmproxy sends them.
 *
 * @module
 */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "@llmproxy/proto";

/** What a failure says. */
export interface ErrorSaying {
  readonly metadata?: Record<string, string>;
  readonly retryAfterMs?: number;
}

/** A failure with its code in `ErrorInfo`. */
export function proxyError(status: Code, code: string, saying: ErrorSaying = {}): ConnectError {
  const { metadata = {}, retryAfterMs } = saying;
  const info = { desc: ErrorInfoSchema, value: { reason: code.toUpperCase(), domain: "llmproxy", metadata } };
  const retry =
    retryAfterMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } }];
  return new ConnectError(`it is ${code}`, status, { "x-request-id": "server-id" }, [info, ...retry]);
}
