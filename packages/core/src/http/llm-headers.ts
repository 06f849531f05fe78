/**
 * Headers that tell a client what was done with its call.
 *
 * @module
 */

import type { Call, Reply } from "@llmproxy/spec";

/**
 * @param call - a call that has been answered
 * @param reply - its reply
 * @param nowMs - `Clock.monotonic`
 */
export function llmHeaders(call: Call, reply: Reply, nowMs: number): Record<string, string> {
  const attempt = call.attempts.at(-1);
  return {
    ...reply.headers,
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

/** Model names come from configuration and catalogues; a header takes visible ASCII only (RFC 9110 §5.5). */
function headerValue(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, "?");
}
