/**
 * From how a relay broke off to the outcome of its reply.
 *
 * @module
 */

import type { ErrorCode, ProxyError, ReplyEnd } from "@llmproxy/spec";

const outcomes: Readonly<Partial<Record<ErrorCode, ReplyEnd["outcome"]>>> = {
  canceled: "canceled",
  deadline_exceeded: "timed-out",
  upstream_cut: "upstream-cut",
};

/** The outcome of an answer that failed by itself. */
export function failureOutcome({ code }: ProxyError): ReplyEnd["outcome"] {
  return outcomes[code] ?? "failed";
}

/** The outcome of an answer that was ended from outside, where `unavailable` means that the server shuts down. */
export function cancelOutcome(reason: ProxyError): ReplyEnd["outcome"] {
  return reason.code === "unavailable" ? "canceled" : failureOutcome(reason);
}
