/**
 * Usage: what the vendor counted, in disjoint parts.
 *
 * `input_tokens` counts neither what was read from the cache nor what was written to it; `output_tokens` includes
 * thinking; neither counts what is billed beside the answer, which `iterations` tells. A stream tells usage at its begin and again, in total, at its end, where a member that is left out
 * stays as it was. What a vendor reports is not trusted: a count that cannot be is replaced, and the usage is
 * then marked as estimated.
 *
 * @see Anthropic API, "Prompt caching", "Streaming messages", "Compaction", "Advisor tool"
 * @module
 */

import type { JsonObject, JsonValue, Usage, UsagePart } from "@llmproxy/spec";
import { filter, isArray, isObject, objectOf, sameJson } from "../../json/value.ts";
import { ownExtra } from "./extra.ts";

/** More tokens than any model reads and writes in one call. */
const maxTokens = 100_000_000;

/** What is billed beside the answer: conversations that were summed up, and advice of another model. */
const besides: ReadonlySet<JsonValue | undefined> = new Set(["compaction", "advisor_message"]);

/** Reads `usage`; undefined when it has no counts at all. */
export function readUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = objectOf(value);
  const answer = usage && readCounts(usage);
  if (!answer || !isArray(usage.iterations)) return answer;
  return usage.iterations
    .filter(isObject)
    .filter(({ type }) => besides.has(type))
    .flatMap((iteration) => readCounts(iteration) ?? [])
    .reduce(sum, answer);
}

function sum(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    cacheReadTokens: left.cacheReadTokens + right.cacheReadTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    cacheWriteHourTokens: left.cacheWriteHourTokens + right.cacheWriteHourTokens,
    audioInputTokens: 0,
    outputTokens: left.outputTokens + right.outputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    audioOutputTokens: 0,
    estimated: left.estimated || right.estimated,
  };
}

function readCounts(usage: JsonObject): Usage | undefined {
  const input = countOf(usage.input_tokens);
  const output = countOf(usage.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const reasoning = countOf(objectOf(usage.output_tokens_details)?.thinking_tokens) ?? 0;
  const reasoningTokens = Math.min(reasoning, output ?? 0);
  return {
    inputTokens: input ?? 0,
    ...cacheParts(usage),
    audioInputTokens: 0,
    outputTokens: (output ?? 0) - reasoningTokens,
    reasoningTokens,
    audioOutputTokens: 0,
    estimated: input === undefined || output === undefined,
  };
}

/** The total is the newest figure; by which time it is divided may only be known from the begin of a stream. */
function cacheParts(usage: JsonObject) {
  const times = objectOf(usage.cache_creation);
  const hour = countOf(times?.ephemeral_1h_input_tokens) ?? 0;
  const minutes = countOf(times?.ephemeral_5m_input_tokens) ?? 0;
  const written = countOf(usage.cache_creation_input_tokens) ?? hour + minutes;
  const cacheWriteHourTokens = Math.min(hour, written);
  return {
    cacheReadTokens: countOf(usage.cache_read_input_tokens) ?? 0,
    cacheWriteTokens: written - cacheWriteHourTokens,
    cacheWriteHourTokens,
  };
}

/** A believable number of tokens. */
function countOf(value: JsonValue | undefined): number | undefined {
  const isCount = typeof value === "number" && value >= 0 && value <= maxTokens;
  return isCount ? Math.trunc(value) : undefined;
}

/** Usage as a stream has told it so far: what is told later counts, but null tells nothing. */
export function mergeUsage(before: JsonObject | undefined, more: JsonObject | undefined): JsonObject {
  return { ...before, ...(more && filter(more, (_, value) => value !== null)) };
}

/**
 * Writes a usage part: as the vendor wrote it unless somebody changed it, else in Anthropic's own form.
 *
 * @param before - what was told at the begin of a stream
 * @param isWhole - whether to write everything, not only what the end of a stream told
 */
export function writeUsage(
  { usage, extra }: UsagePart,
  before: JsonObject | undefined,
  isWhole: boolean,
): JsonObject {
  const raw = objectOf(ownExtra(extra)?.usage);
  if (raw) {
    const merged = before ? mergeUsage(before, raw) : raw;
    if (isSame(readUsage(merged), usage)) return isWhole ? merged : raw;
  }
  const { cacheWriteTokens, cacheWriteHourTokens, reasoningTokens } = usage;
  return {
    input_tokens: usage.inputTokens + usage.audioInputTokens,
    cache_creation_input_tokens: cacheWriteTokens + cacheWriteHourTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: cacheWriteTokens,
      ephemeral_1h_input_tokens: cacheWriteHourTokens,
    },
    output_tokens: usage.outputTokens + reasoningTokens + usage.audioOutputTokens,
    ...(reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  };
}

function isSame(left: Usage | undefined, right: Usage): boolean {
  return left !== undefined && sameJson({ ...left }, { ...right });
}

/** What is told where nothing is known. */
export const unknownUsage: JsonObject = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
};
