/**
 * Counts and times calls, refusals included.
 *
 * @module
 */

import type { Call, Clock, Counter, Meter, Stage, Usage } from "@llmproxy/spec";
import { observeEnd } from "../call-end.ts";

/** Upper bounds in seconds: from a cached answer to the longest generation. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/**
 * Labels hold only what we choose ourselves: a model name is the client's choice and would let it make as
 * many series as it likes.
 *
 * @param meter - where the instruments are made, once
 * @param clock - for durations
 */
export function meter(meter: Meter, clock: Clock): Stage {
  const calls = meter.counter({
    name: "llmproxy_calls_total",
    help: "Calls that have ended, by endpoint, outcome and error code.",
    labels: ["endpoint", "outcome", "code"],
  });
  const inFlight = meter.gauge({
    name: "llmproxy_calls_in_flight",
    help: "Calls that have begun and not ended.",
    labels: ["endpoint"],
  });
  const duration = meter.histogram({
    name: "llmproxy_call_duration_seconds",
    help: "Time from the start of a call to its end.",
    labels: ["endpoint", "outcome"],
    buckets: durationBuckets,
  });
  const firstOutput = meter.histogram({
    name: "llmproxy_first_output_seconds",
    help: "Time from the start of a call to its first output.",
    labels: ["provider"],
    buckets: durationBuckets,
  });
  const tokens = meter.counter({
    name: "llmproxy_tokens_total",
    help: "Tokens used, by provider and kind; the kinds are disjoint.",
    labels: ["provider", "kind"],
  });
  return (next) => {
    const observed = observeEnd(next, (call, end) => {
      const { endpoint } = call;
      inFlight.add({ endpoint }, -1);
      calls.add({ endpoint, outcome: end.outcome, code: end.error?.code ?? "" });
      duration.record({ endpoint, outcome: end.outcome }, (clock.monotonic() - call.startedMs) / 1000);
      const answered = call.attempts.find((attempt) => attempt.firstOutputMs !== undefined);
      if (answered?.firstOutputMs === undefined) return;
      const { provider } = answered.target;
      firstOutput.record({ provider }, (answered.firstOutputMs - call.startedMs) / 1000);
      if (end.usage) countTokens(tokens, provider, end.usage);
    });
    return (call: Call) => {
      inFlight.add({ endpoint: call.endpoint }, 1);
      return observed(call);
    };
  };
}

function countTokens(tokens: Counter, provider: string, usage: Usage): void {
  const kinds = [
    ["input", usage.inputTokens],
    ["cache_read", usage.cacheReadTokens],
    ["cache_write", usage.cacheWriteTokens],
    ["cache_write_hour", usage.cacheWriteHourTokens],
    ["audio_input", usage.audioInputTokens],
    ["output", usage.outputTokens],
    ["reasoning", usage.reasoningTokens],
    ["audio_output", usage.audioOutputTokens],
  ] as const;
  for (const [kind, count] of kinds) if (count > 0) tokens.add({ provider, kind }, count);
}
