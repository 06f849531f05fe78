/**
 * Headers that tell a client what was done with its call.
 *
 * @module
 */

import type { Call, Reply } from "@llmproxy/spec";

/**
 * @param call - a call that has been answered, or could not be
 * @param reply - its reply; absent when there is none
 * @param nowMs - `Clock.monotonic`
 */
export function llmHeaders(call: Call, reply: Reply | undefined, nowMs: number): Record<string, string> {
  const attempt = call.attempts.at(-1);
  return {
    ...reply?.headers,
    "x-llmproxy-overhead-ms": overheadMs(call, nowMs).toFixed(1),
    ...(attempt && {
      "x-llmproxy-model": headerValue(attempt.target.model),
      "x-llmproxy-provider": headerValue(attempt.target.provider),
    }),
    "x-llmproxy-cache": "off",
    "x-llmproxy-attempts": String(call.attempts.length),
  };
}

/** Time spent since the call began that was not spent waiting for an upstream's first output. */
function overheadMs(call: Call, nowMs: number): number {
  let waitedMs = 0;
  for (const attempt of call.attempts)
    waitedMs += (attempt.firstOutputMs ?? attempt.endedMs ?? nowMs) - attempt.startedMs;
  return Math.max(0, nowMs - call.startedMs - waitedMs);
}

/** A client reads some 16 KB of headers in all; names that long are nobody's. */
const maxValueLength = 256;

/** Model names come from configuration, catalogues and clients; a header takes visible ASCII only (RFC 9110 §5.5). */
function headerValue(value: string): string {
  return value.slice(0, maxValueLength).replace(/[^\x20-\x7e]/g, "?");
}
