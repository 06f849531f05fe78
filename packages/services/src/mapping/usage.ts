/**
 * What an answer used, as a message.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { UsageSchema } from "@llmproxy/proto";
import type { Usage } from "@llmproxy/spec";

/** Writes usage, part by part. */
export function usageMessage(usage: Usage): MessageInitShape<typeof UsageSchema> {
  return {
    inputTokens: tokens(usage.inputTokens),
    cacheReadTokens: tokens(usage.cacheReadTokens),
    cacheWriteTokens: tokens(usage.cacheWriteTokens),
    cacheWriteHourTokens: tokens(usage.cacheWriteHourTokens),
    audioInputTokens: tokens(usage.audioInputTokens),
    outputTokens: tokens(usage.outputTokens),
    reasoningTokens: tokens(usage.reasoningTokens),
    audioOutputTokens: tokens(usage.audioOutputTokens),
    estimated: usage.estimated,
  };
}

/** A vendor may say anything; a count is a whole number that does not lose digits. */
function tokens(count: number): bigint {
  return BigInt(Math.min(Math.max(Math.trunc(count) || 0, 0), Number.MAX_SAFE_INTEGER));
}
