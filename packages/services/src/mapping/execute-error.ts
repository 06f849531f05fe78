/**
 * Failures that are told in the answer instead of by a status, because clients of these RPCs expect them there.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExecuteErrorSchema } from "@llmproxy/proto";
import type { ErrorCode, ProxyError } from "@llmproxy/spec";
import { noModelReason } from "../call.ts";

const upstreamFailures: ReadonlySet<ErrorCode> = new Set([
  "upstream_failed",
  "upstream_auth",
  "upstream_cut",
]);

/** The message for a failure that is told in the answer; undefined for one that is told by a status. */
export function executeError(error: ProxyError): MessageInitShape<typeof ExecuteErrorSchema> | undefined {
  const { code, message } = error;
  if (error.reason === noModelReason) return { errorCode: "NO_MODEL", errorMessage: message };
  if (code === "model_not_found") return { errorCode: "MODEL_NOT_FOUND", errorMessage: message };
  if (!upstreamFailures.has(code)) return undefined;
  return {
    errorCode: "EXECUTION_FAILED",
    errorMessage: "the model could not be executed",
    errorDetails: message,
  };
}
