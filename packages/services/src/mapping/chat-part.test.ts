import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FinishReason, StreamCompleteResponseSchema } from "@llmproxy/proto";
import { noUsage, type Part } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { pieceMessage } from "./chat-part.ts";

/** A part as a client decodes it; undefined when it is not sent. */
function sent(part: Part) {
  const piece = pieceMessage(part);
  if (!piece) return undefined;
  const message = create(StreamCompleteResponseSchema, { part: piece });
  return fromBinary(StreamCompleteResponseSchema, toBinary(StreamCompleteResponseSchema, message)).part;
}

describe("pieceMessage", () => {
  it.each<[Part, object]>([
    [
      { type: "start", id: "a", model: "m", createdAt: new Date(1_000) },
      { case: "start", value: { id: "a", model: "m", createdAt: { seconds: 1n } } },
    ],
    [
      { type: "text-delta", choice: 1, text: "x" },
      { case: "text", value: { choice: 1, text: "x" } },
    ],
    [
      { type: "refusal-delta", choice: 0, text: "no" },
      { case: "refusal", value: { text: "no" } },
    ],
    [
      { type: "reasoning-delta", choice: 0, text: "", signature: "s" },
      { case: "reasoning", value: { text: "", signature: "s" } },
    ],
    [
      { type: "tool-call-start", choice: 0, index: 2, id: "c", name: "f" },
      { case: "toolCallStart", value: { index: 2, id: "c", name: "f" } },
    ],
    [
      { type: "tool-call-delta", choice: 0, index: 2, arguments: "{" },
      { case: "toolCallArguments", value: { index: 2, arguments: "{" } },
    ],
    [
      { type: "logprobs", choice: 0, value: [1] },
      { case: "logprobs", value: { value: { kind: { case: "listValue" } } } },
    ],
    [
      { type: "opaque", choice: 3, extra: { "openai-chat": { parts: 1, call: { id: "c" } } } },
      { case: "opaque", value: { choice: 3, extensions: { "openai-chat": { call: { id: "c" } } } } },
    ],
    [
      { type: "opaque", choice: 0, extra: { "openai-chat": { item: "i" } } },
      { case: "opaque", value: { content: { dialect: "openai-chat", value: { kind: { value: "i" } } } } },
    ],
    [
      {
        type: "reasoning-delta",
        choice: 0,
        text: "",
        extra: { "anthropic-messages": { start: { type: "redacted_thinking", data: "d" } } },
      },
      {
        case: "opaque",
        value: {
          extensions: { "anthropic-messages": { start: { type: "redacted_thinking", data: "d" } } },
          content: { dialect: "anthropic-messages" },
        },
      },
    ],
    [
      { type: "opaque", choice: 0, extra: { "anthropic-messages": { start: { type: "server_tool_use" } } } },
      { case: "opaque", value: { extensions: { "anthropic-messages": { start: {} } } } },
    ],
    [
      { type: "opaque", choice: 0, extra: { "anthropic-messages": { delta: { type: "citations_delta" } } } },
      { case: "opaque", value: { extensions: { "anthropic-messages": { delta: {} } } } },
    ],
    [
      { type: "usage", usage: { ...noUsage, inputTokens: 1, cacheWriteTokens: 2, cacheWriteHourTokens: 3 } },
      { case: "usage", value: { inputTokens: 1n, cacheWriteTokens: 2n, cacheWriteHourTokens: 3n } },
    ],
    [
      {
        type: "usage",
        usage: { ...noUsage, inputTokens: -1, outputTokens: 1.5, reasoningTokens: Number.NaN },
      },
      { case: "usage", value: { inputTokens: 0n, outputTokens: 1n, reasoningTokens: 0n } },
    ],
  ])("sends %o", (part, message) => {
    expect(sent(part)).toMatchObject(message);
  });

  it.each(["start", "delta"])("has no piece of content to give back where more is to come: %s", (name) => {
    const own = { [name]: { type: "server_tool_use" } };
    const piece = sent({ type: "opaque", choice: 0, extra: { "anthropic-messages": own } });
    expect(piece?.value).not.toHaveProperty("content");
  });

  it.each([
    ["stop", FinishReason.STOP],
    ["length", FinishReason.LENGTH],
    ["tool-calls", FinishReason.TOOL_CALLS],
    ["content-filter", FinishReason.CONTENT_FILTER],
    ["other", FinishReason.OTHER],
  ] as const)("tells the reason %s", (reason, value) => {
    expect(sent({ type: "finish", choice: 0, reason })).toMatchObject({ value: { reason: value } });
  });

  it.each<Part>([
    { type: "text-delta", choice: 0, text: "" },
    { type: "refusal-delta", choice: 0, text: "" },
    { type: "reasoning-delta", choice: 0, text: "" },
    { type: "tool-call-delta", choice: 0, index: 0, arguments: "" },
    { type: "opaque", choice: 0, extra: {} },
    { type: "opaque", choice: 0, extra: { "openai-chat": { parts: 1, message: { role: "assistant" } } } },
    { type: "opaque", choice: 0, extra: { "anthropic-messages": { isStop: true } } },
    { type: "opaque", choice: 0, extra: { "anthropic-messages": { other: { type: "ping" } } } },
    { type: "opaque", choice: 0, extra: { "anthropic-messages": { start: { type: "text", text: "" } } } },
  ])("sends nothing that says nothing: %o", (part) => {
    expect(sent(part)).toBeUndefined();
  });

  it("refuses numbers no answer has", () => {
    expect(() => pieceMessage({ type: "text-delta", choice: -1, text: "x" })).toThrow(
      expect.objectContaining({ code: "upstream_failed" }),
    );
  });
});
