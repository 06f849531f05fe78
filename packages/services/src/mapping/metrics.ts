/**
 * What an answer took, as a message.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExecutionMetricsSchema } from "@llmproxy/proto";
import type { Usage } from "@llmproxy/spec";

/** What an answer took. */
export interface AnswerFacts {
  /** Milliseconds from the request to the end of the answer. */
  readonly durationMs: number;
  /** When it ended, in milliseconds since the Unix epoch. */
  readonly endedAtMs: number;
  /** Absent when the upstream told nothing. */
  readonly usage: Usage | undefined;
  /** How many targets were tried; absent when unknown. */
  readonly attempts: number | undefined;
}

/** The largest number the fields can hold; a vendor may say anything. */
const maxTokens = 2 ** 31 - 1;

/** Writes metrics. Prompt tokens read from or written to a cache are input, tokens spent on reasoning are output. */
export function metricsMessage(facts: AnswerFacts): MessageInitShape<typeof ExecutionMetricsSchema> {
  const { durationMs, endedAtMs, usage, attempts = 1 } = facts;
  return {
    durationMs: BigInt(Math.round(durationMs)),
    ...(usage && tokenFields(usage)),
    retryCount: Math.max(0, attempts - 1),
    timestamp: BigInt(Math.floor(endedAtMs / 1000)),
  };
}

function tokenFields(usage: Usage): MessageInitShape<typeof ExecutionMetricsSchema> {
  const cached = usage.cacheReadTokens + usage.cacheWriteTokens + usage.cacheWriteHourTokens;
  const input = usage.inputTokens + cached + usage.audioInputTokens;
  const output = usage.outputTokens + usage.reasoningTokens + usage.audioOutputTokens;
  return {
    inputTokens: Math.min(input, maxTokens),
    outputTokens: Math.min(output, maxTokens),
    totalTokens: Math.min(input + output, maxTokens),
  };
}
