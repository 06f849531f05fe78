/**
 * Usage: what the vendor counted, in disjoint parts.
 *
 * `prompt_tokens` includes cached and audio tokens and `completion_tokens` includes reasoning and audio tokens,
 * except that xAI reports reasoning beside `completion_tokens`; only the total tells. What a vendor reports is
 * not trusted: a count that cannot be is replaced, and the usage is then marked as estimated.
 *
 * @module
 */

import type { JsonObject, JsonValue, Usage, UsagePart } from "@llmproxy/spec";
import { objectOf, sameJson } from "../../json/value.ts";
import { ownExtra } from "./extra.ts";

/** More tokens than any model reads and writes in one call. */
const maxTokens = 100_000_000;

/** Reads `usage`; undefined when it has no counts at all. */
export function readUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = objectOf(value);
  if (!usage) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (prompt === undefined && completion === undefined && total === undefined) return undefined;
  const promptTokens = countOf(prompt);
  const completionTokens = countOf(completion) ?? difference(total, promptTokens);
  const input = inputParts(promptTokens ?? difference(total, completionTokens) ?? 0, usage);
  return {
    ...input,
    ...outputParts(completionTokens ?? 0, promptTokens ?? 0, usage),
    estimated: promptTokens === undefined || countOf(completion) === undefined,
  };
}

/** A believable number of tokens. */
function countOf(value: JsonValue | undefined): number | undefined {
  const isCount = typeof value === "number" && value >= 0 && value <= maxTokens;
  return isCount ? Math.trunc(value) : undefined;
}

function difference(total: JsonValue | undefined, part: number | undefined): number | undefined {
  const sum = countOf(total);
  return sum === undefined || part === undefined ? undefined : Math.max(0, sum - part);
}

/** `part`, but no more than there is. */
function share(part: JsonValue | undefined, whole: number): number {
  return Math.min(countOf(part) ?? 0, whole);
}

function inputParts(prompt: number, usage: JsonObject) {
  const details = objectOf(usage.prompt_tokens_details);
  const cached = details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens;
  const cacheReadTokens = share(cached, prompt);
  const cacheWriteTokens = share(details?.cache_write_tokens, prompt - cacheReadTokens);
  const plain = prompt - cacheReadTokens - cacheWriteTokens;
  const audioInputTokens = share(details?.audio_tokens, plain);
  return {
    inputTokens: plain - audioInputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    // Nobody who speaks this dialect tells the two kinds apart.
    cacheWriteHourTokens: 0,
    audioInputTokens,
  };
}

function outputParts(completion: number, prompt: number, usage: JsonObject) {
  const details = objectOf(usage.completion_tokens_details);
  const reasoning = countOf(details?.reasoning_tokens ?? usage.reasoning_tokens) ?? 0;
  const isBeside = reasoning > 0 && countOf(usage.total_tokens) === prompt + completion + reasoning;
  const all = isBeside ? completion + reasoning : completion;
  const reasoningTokens = Math.min(reasoning, all);
  const audioOutputTokens = share(details?.audio_tokens, all - reasoningTokens);
  return { outputTokens: all - reasoningTokens - audioOutputTokens, reasoningTokens, audioOutputTokens };
}

/** Writes a usage part: as the vendor wrote it unless somebody changed it, else in OpenAI's own form. */
export function writeUsage({ usage, extra }: UsagePart): JsonObject {
  const raw = objectOf(ownExtra(extra)?.usage);
  if (raw && isSame(readUsage(raw), usage)) return raw;
  const cacheWriteTokens = usage.cacheWriteTokens + usage.cacheWriteHourTokens;
  const prompt = usage.inputTokens + usage.cacheReadTokens + cacheWriteTokens + usage.audioInputTokens;
  const completion = usage.outputTokens + usage.reasoningTokens + usage.audioOutputTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      // OpenRouter's name; OpenAI itself writes to its cache for nothing.
      ...(cacheWriteTokens > 0 && { cache_write_tokens: cacheWriteTokens }),
      audio_tokens: usage.audioInputTokens,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioOutputTokens,
    },
  };
}

function isSame(left: Usage | undefined, right: Usage): boolean {
  return left !== undefined && sameJson({ ...left }, { ...right });
}
