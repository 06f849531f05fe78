import { type ChatRequest, type Content, noUsage } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { estimateUsage } from "./estimate-usage.ts";

const chatOf = (content: readonly Content[], more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: "m",
  messages: [{ role: "user", content }],
  sampling: {},
  stream: true,
  includeUsage: false,
  ...more,
});
const text = (value: string): Content => ({ type: "text", text: value });

describe("estimateUsage", () => {
  it.each<[string, ChatRequest, number]>([
    ["nothing", chatOf([]), 0],
    ["one byte", chatOf([text("a")]), 1],
    ["bytes, not characters", chatOf([text("ééé")]), 2],
    ["all texts together", chatOf([text("ab"), text("cd"), { type: "refusal", text: "e" }]), 2],
    ["what was thought", chatOf([{ type: "reasoning", text: "12345678" }]), 2],
    ["tool calls", chatOf([{ type: "tool-call", id: "x", name: "ab", arguments: "{}" }]), 1],
    ["what tools said", chatOf([{ type: "tool-result", callId: "x", content: [text("12345678")] }]), 2],
    [
      "tools",
      chatOf([], { tools: [{ name: "ab", description: "cdef", parameters: {} }, { name: "abcd" }] }),
      4,
    ],
    [
      "no pictures",
      chatOf([{ type: "image", source: { kind: "base64", data: "x".repeat(1_000) } }, text("a")]),
      1,
    ],
  ])("counts of the input %s", (_, chat, inputTokens) => {
    expect(estimateUsage(chat, 0)).toEqual({ ...noUsage, inputTokens, estimated: true });
  });

  it.each([
    [0, 0],
    [1, 1],
    [4, 1],
    [5, 2],
  ])("takes %d bytes of output for %d tokens", (bytes, outputTokens) => {
    expect(estimateUsage(chatOf([]), bytes)).toMatchObject({ outputTokens, estimated: true });
  });
});
