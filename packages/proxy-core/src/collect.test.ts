import { noUsage, type Part } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { collect, condense, createCollector } from "./collect.ts";

async function* stream(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

describe("collect", () => {
  it("puts texts, reasoning and tool calls together", async () => {
    const createdAt = new Date(0);
    const usage = { ...noUsage, inputTokens: 1 };
    const collected = await collect(
      stream([
        { type: "start", id: "a", model: "m", createdAt },
        { type: "reasoning-delta", choice: 0, text: "hm" },
        { type: "reasoning-delta", choice: 0, text: "…" },
        { type: "text-delta", choice: 0, text: "hel" },
        { type: "logprobs", choice: 0, value: {} },
        { type: "opaque", choice: 0, extra: {} },
        { type: "text-delta", choice: 0, text: "lo" },
        { type: "tool-call-start", choice: 0, index: 0, id: "c1", name: "f" },
        { type: "tool-call-start", choice: 0, index: 1, id: "c2", name: "g" },
        { type: "tool-call-delta", choice: 0, index: 1, arguments: "{" },
        { type: "tool-call-delta", choice: 0, index: 0, arguments: "[]" },
        { type: "tool-call-delta", choice: 0, index: 1, arguments: "}" },
        { type: "finish", choice: 0, reason: "tool-calls" },
        { type: "usage", usage },
      ]),
    );
    expect(collected).toEqual({
      id: "a",
      model: "m",
      createdAt,
      usage,
      choices: [
        {
          text: "hello",
          reasoning: "hm…",
          refusal: "",
          toolCalls: [
            { id: "c1", name: "f", arguments: "[]" },
            { id: "c2", name: "g", arguments: "{}" },
          ],
          finishReason: "tool-calls",
        },
      ],
    });
  });

  it("keeps choices apart and in order", async () => {
    const { choices } = await collect(
      stream([
        { type: "text-delta", choice: 1, text: "b" },
        { type: "text-delta", choice: 0, text: "a" },
        { type: "refusal-delta", choice: 1, text: "no" },
        { type: "finish", choice: 1, reason: "stop" },
      ]),
    );
    expect(choices).toEqual([
      { text: "a", reasoning: "", refusal: "", toolCalls: [] },
      { text: "b", reasoning: "", refusal: "no", toolCalls: [], finishReason: "stop" },
    ]);
  });

  it("takes the last of several usages", async () => {
    const usages = [1, 2].map(
      (outputTokens): Part => ({ type: "usage", usage: { ...noUsage, outputTokens } }),
    );
    expect((await collect(stream(usages))).usage?.outputTokens).toBe(2);
  });

  it("has one empty choice for an empty answer", async () => {
    expect(await collect(stream([]))).toEqual({
      id: "",
      model: "",
      choices: [{ text: "", reasoning: "", refusal: "", toolCalls: [] }],
    });
  });

  it("throws what the answer throws", async () => {
    const error = new Error("cut");
    const broken = async function* (): AsyncGenerator<Part> {
      yield { type: "text-delta", choice: 0, text: "a" };
      throw error;
    };
    await expect(collect(broken())).rejects.toBe(error);
  });
});

describe("createCollector", () => {
  it("tells what has been said so far", () => {
    const collector = createCollector();
    collector.add({ type: "text-delta", choice: 0, text: "a" });
    expect(collector.result().choices[0].text).toBe("a");
    collector.add({ type: "text-delta", choice: 0, text: "b" });
    expect(collector.result().choices[0].text).toBe("ab");
  });

  it("skips pieces of a tool call that did not begin", () => {
    const collector = createCollector();
    collector.add({ type: "tool-call-delta", choice: 0, index: 3, arguments: "{}" });
    expect(collector.result().choices[0].toolCalls).toEqual([]);
  });
});

describe("condense", () => {
  const text = (choice: number, value: string): Part => ({ type: "text-delta", choice, text: value });
  const call = (index: number, value: string): Part => ({
    type: "tool-call-delta",
    choice: 0,
    index,
    arguments: value,
  });

  it.each<[string, readonly Part[], readonly Part[]]>([
    ["text", [text(0, "a"), text(0, "b"), text(0, "c")], [text(0, "abc")]],
    [
      "choices that alternate",
      [text(0, "a"), text(1, "x"), text(0, "b"), text(1, "y")],
      [text(0, "ab"), text(1, "xy")],
    ],
    [
      "arguments of one call",
      [call(0, "{"), call(0, "}"), call(1, "["), call(0, " ")],
      [call(0, "{}"), call(1, "["), call(0, " ")],
    ],
    [
      "reasoning and refusals",
      [
        { type: "reasoning-delta", choice: 0, text: "a" },
        { type: "reasoning-delta", choice: 0, text: "b" },
        { type: "refusal-delta", choice: 0, text: "c" },
        { type: "refusal-delta", choice: 0, text: "d" },
      ],
      [
        { type: "reasoning-delta", choice: 0, text: "ab" },
        { type: "refusal-delta", choice: 0, text: "cd" },
      ],
    ],
  ])("puts the pieces together of %s", async (_, parts, expected) => {
    expect(await condense(stream(parts))).toEqual(expected);
  });

  it("keeps every other part, and the order of each choice", async () => {
    const parts: readonly Part[] = [
      { type: "start", id: "a", model: "m" },
      text(0, "a"),
      { type: "logprobs", choice: 0, value: {} },
      text(0, "b"),
      { ...text(0, "c"), extra: { "openai-chat": { item: 1 } } } as Part,
      text(0, "d"),
      { type: "reasoning-delta", choice: 0, text: "e", signature: "s" },
      { type: "reasoning-delta", choice: 0, text: "f" },
      { type: "tool-call-start", choice: 0, index: 0, id: "c", name: "f" },
      call(0, "{}"),
      { type: "opaque", choice: 0, extra: {} },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "usage", usage: noUsage },
    ];
    expect(await condense(stream(parts))).toEqual(parts);
  });

  it("changes no part it was given", async () => {
    const parts = [Object.freeze(text(0, "a")), Object.freeze(text(0, "b"))];
    expect(await condense(stream(parts))).toEqual([text(0, "ab")]);
    expect(parts).toEqual([text(0, "a"), text(0, "b")]);
  });
});
