import { create } from "@bufbuild/protobuf";
import { ExecutionMetricsSchema } from "@llmproxy/proto";
import { noUsage } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { type AnswerFacts, metricsMessage } from "./metrics.ts";

const facts: AnswerFacts = {
  durationMs: 1234.6,
  endedAtMs: Date.UTC(2026, 0, 1) + 999,
  usage: undefined,
  attempts: undefined,
};

const write = (changes: Partial<AnswerFacts>) =>
  create(ExecutionMetricsSchema, metricsMessage({ ...facts, ...changes }));

describe("metricsMessage", () => {
  it("tells milliseconds and whole seconds since the epoch", () => {
    expect(write({})).toMatchObject({ durationMs: 1235n, timestamp: 1_767_225_600n });
  });

  it("counts every kind of input and output token", () => {
    const usage = {
      inputTokens: 1,
      cacheReadTokens: 5,
      cacheWriteTokens: 8,
      cacheWriteHourTokens: 7,
      audioInputTokens: 300,
      outputTokens: 4000,
      reasoningTokens: 50_000,
      audioOutputTokens: 600_000,
      estimated: false,
    };
    expect(write({ usage })).toMatchObject({ inputTokens: 321, outputTokens: 654_000, totalTokens: 654_321 });
  });

  it("leaves tokens out where the upstream told nothing", () => {
    const { inputTokens, outputTokens, totalTokens, costUsd } = write({});
    expect([inputTokens, outputTokens, totalTokens, costUsd]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("keeps numbers a field can hold", () => {
    const usage = { ...noUsage, inputTokens: 2 ** 40, outputTokens: 1 };
    expect(write({ usage })).toMatchObject({
      inputTokens: 2 ** 31 - 1,
      outputTokens: 1,
      totalTokens: 2 ** 31 - 1,
    });
  });

  it.each([
    [undefined, 0],
    [0, 0],
    [1, 0],
    [3, 2],
  ])("counts %j attempts as %j retries", (attempts, retryCount) => {
    expect(write({ attempts }).retryCount).toBe(retryCount);
  });
});
