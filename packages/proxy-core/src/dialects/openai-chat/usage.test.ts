import { type JsonObject, type JsonValue, noUsage, type Usage } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withOwn } from "./extra.ts";
import { readUsage, writeUsage } from "./usage.ts";

const total = (usage: Usage | undefined): number => {
  const { estimated, ...counts } = usage ?? noUsage;
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
};

describe("readUsage", () => {
  it.each<[string, JsonObject, Partial<Usage>]>([
    [
      "plain counts",
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      { inputTokens: 10, outputTokens: 5 },
    ],
    [
      "OpenAI's details",
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 60, audio_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 5, accepted_prediction_tokens: 1 },
      },
      {
        inputTokens: 30,
        cacheReadTokens: 60,
        audioInputTokens: 10,
        outputTokens: 15,
        reasoningTokens: 30,
        audioOutputTokens: 5,
      },
    ],
    [
      "xAI's reasoning beside the completion",
      {
        prompt_tokens: 12,
        completion_tokens: 2,
        total_tokens: 334,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 320 },
      },
      { inputTokens: 10, cacheReadTokens: 2, outputTokens: 2, reasoningTokens: 320 },
    ],
    [
      "DeepSeek's cache",
      {
        prompt_tokens: 339,
        completion_tokens: 92,
        total_tokens: 431,
        prompt_cache_hit_tokens: 320,
        prompt_cache_miss_tokens: 19,
      },
      { inputTokens: 19, cacheReadTokens: 320, outputTokens: 92 },
    ],
    [
      "Moonshot's cache",
      { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 4 },
      { inputTokens: 6, cacheReadTokens: 4, outputTokens: 1 },
    ],
    [
      "Perplexity's reasoning",
      { prompt_tokens: 1, completion_tokens: 9, reasoning_tokens: 4 },
      { inputTokens: 1, outputTokens: 5, reasoningTokens: 4 },
    ],
    [
      "details that are null",
      {
        prompt_tokens: 1,
        completion_tokens: 2,
        prompt_tokens_details: null,
        completion_tokens_details: null,
      },
      { inputTokens: 1, outputTokens: 2 },
    ],
    ["fractions", { prompt_tokens: 1.9, completion_tokens: 2.1 }, { inputTokens: 1, outputTokens: 2 }],
    ["no tokens", { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, {}],
  ])("reads %s", (_, usage, expected) => {
    expect(readUsage(usage)).toEqual({ ...noUsage, ...expected });
  });

  it.each<[string, JsonObject, Partial<Usage>]>([
    ["a negative count", { prompt_tokens: -5, completion_tokens: 5 }, { outputTokens: 5 }],
    ["a count beyond belief", { prompt_tokens: 5, completion_tokens: 1e18 }, { inputTokens: 5 }],
    ["a count that is a text", { prompt_tokens: "5", completion_tokens: 5 }, { outputTokens: 5 }],
    ["a count that is missing", { prompt_tokens: 5 }, { inputTokens: 5 }],
    [
      "a completion only the total tells",
      { prompt_tokens: 5, total_tokens: 12 },
      { inputTokens: 5, outputTokens: 7 },
    ],
    [
      "a prompt only the total tells",
      { completion_tokens: 5, total_tokens: 12 },
      { inputTokens: 7, outputTokens: 5 },
    ],
    ["a total less than its part", { prompt_tokens: 5, total_tokens: 3 }, { inputTokens: 5 }],
    ["a total alone", { total_tokens: 7 }, {}],
  ])("marks %s as estimated", (_, usage, expected) => {
    expect(readUsage(usage)).toEqual({ ...noUsage, ...expected, estimated: true });
  });

  it.each<[string, JsonObject, Partial<Usage>]>([
    [
      "cached tokens than there are in the prompt",
      {
        prompt_tokens: 5,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 50, audio_tokens: 50 },
      },
      { cacheReadTokens: 5, outputTokens: 1 },
    ],
    [
      "reasoning than there is in the completion",
      {
        prompt_tokens: 1,
        completion_tokens: 5,
        total_tokens: 6,
        completion_tokens_details: { reasoning_tokens: 50, audio_tokens: 9 },
      },
      { inputTokens: 1, reasoningTokens: 5 },
    ],
    [
      "of a part than any number",
      {
        prompt_tokens: 5,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: -1, audio_tokens: Number.NaN },
      },
      { inputTokens: 5, outputTokens: 1 },
    ],
  ])("counts no more %s", (_, usage, expected) => {
    expect(readUsage(usage)).toEqual({ ...noUsage, ...expected });
  });

  it.each<JsonValue | undefined>([undefined, null, {}, [], "much", 7, { queue_time: 1 }])(
    "reads nothing in %j",
    (usage) => {
      expect(readUsage(usage)).toBeUndefined();
    },
  );

  it("never gives anything but counts, whatever it is given", () => {
    const name = fc.constantFrom(
      "prompt_tokens",
      "completion_tokens",
      "total_tokens",
      "cached_tokens",
      "reasoning_tokens",
      "audio_tokens",
    );
    const value = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(1e18, -0, "5", null));
    const counts = fc.dictionary(name, value);
    const usage = fc.tuple(counts, counts, counts).map(([top, input, output]) => ({
      ...top,
      prompt_tokens_details: input,
      completion_tokens_details: output,
    }));
    fc.assert(
      fc.property(usage, (given) => {
        const { estimated, ...read } = readUsage(given as JsonObject) ?? noUsage;
        for (const count of Object.values(read)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }),
    );
  });
});

describe("writeUsage", () => {
  it("writes the vendor's own form as long as it says the same", () => {
    const raw = {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 334,
      completion_tokens_details: { reasoning_tokens: 320 },
      cost_in_usd_ticks: 1,
    };
    const usage = readUsage(raw) ?? noUsage;
    expect(writeUsage({ type: "usage", usage, ...withOwn({ usage: raw }) })).toBe(raw);
    expect(
      writeUsage({ type: "usage", usage: { ...usage, outputTokens: 3 }, ...withOwn({ usage: raw }) }),
    ).toEqual({
      prompt_tokens: 12,
      completion_tokens: 323,
      total_tokens: 335,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 320, audio_tokens: 0 },
    });
  });

  it("writes what is read as the same again", () => {
    const tokens = fc.nat(10_000_000);
    const usage = fc.record({
      inputTokens: tokens,
      cacheReadTokens: tokens,
      cacheWriteTokens: tokens,
      cacheWriteHourTokens: fc.constant(0),
      audioInputTokens: tokens,
      outputTokens: tokens,
      reasoningTokens: tokens,
      audioOutputTokens: tokens,
      estimated: fc.constant(false),
    });
    fc.assert(
      fc.property(usage, (given) => {
        const written = writeUsage({ type: "usage", usage: given });
        expect(readUsage(written)).toEqual(given);
        expect(written.total_tokens).toBe(total(given));
      }),
    );
  });
});
