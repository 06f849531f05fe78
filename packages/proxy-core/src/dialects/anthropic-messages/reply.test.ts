import { type JsonObject, noUsage, type Part } from "@llmproxy/spec";
import { anthropicEventStream } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createCollector } from "../../collect.ts";
import { anthropicReplies, anthropicStreams } from "../../test-support/anthropic-recordings.ts";
import { isReply, observeReply, readReply, readReplyError, writeReply } from "./reply.ts";
import { createStreamReader } from "./stream.ts";

const message = (members: JsonObject): JsonObject => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 5 },
  ...members,
});

function collect(parts: readonly Part[]) {
  const collector = createCollector();
  for (const part of parts) collector.add(part);
  return collector.result();
}

/** What parts say; how the model spaced its arguments is lost in a message that is JSON itself. */
function meaning(parts: readonly Part[]) {
  const { choices, ...others } = collect(parts);
  const parsed = choices[0].toolCalls.map((made) => ({ ...made, arguments: JSON.parse(made.arguments) }));
  return { ...others, ...choices[0], toolCalls: parsed };
}

const start: Part = { type: "start", id: "chatcmpl-1", model: "m", createdAt: new Date(7_000) };
const say = (text: string): Part => ({ type: "text-delta", choice: 0, text });
const call = (index: number): Part => ({
  type: "tool-call-start",
  choice: 0,
  index,
  id: `call_${index}`,
  name: "f",
});
const args = (index: number, text: string): Part => ({
  type: "tool-call-delta",
  choice: 0,
  index,
  arguments: text,
});
const stop: Part = { type: "finish", choice: 0, reason: "stop" };

describe("readReply and writeReply", () => {
  it.each(anthropicReplies)("write back $name", ({ json }) => {
    expect(writeReply(readReply(JSON.parse(json)))).toEqual(JSON.parse(json));
  });

  it.each(anthropicReplies)("write back $name after it has been through JSON", ({ json }) => {
    const parts = JSON.parse(JSON.stringify(readReply(JSON.parse(json))));
    expect(writeReply(parts)).toEqual(JSON.parse(json));
  });

  it.each(anthropicStreams)("put the stream $name together", ({ chunks }) => {
    const parts = createStreamReader().read(anthropicEventStream(chunks));
    const reply = writeReply(parts);
    expect(meaning(readReply(reply))).toEqual(meaning(parts));
    expect(writeReply(readReply(reply))).toEqual(reply);
  });

  it.each([
    ["members nobody knows", message({ container: { id: "c" }, x_new: [1], context_management: null })],
    ["no end", message({ stop_reason: null })],
    ["no usage", message({ usage: null })],
    ["nothing around it", { content: [] }],
    [
      "blocks of every kind",
      message({
        content: [
          { type: "text", text: "", citations: null },
          { type: "thinking", thinking: "", signature: "s" },
          { type: "thinking", thinking: "a", signature: "" },
          { type: "redacted_thinking", data: "d" },
          { type: "tool_use", id: "toolu_1", name: "f", input: {}, caller: { type: "direct" } },
          { type: "tool_use", id: "toolu_2", name: "f", input: { a: { b: [1.5, null] } } },
          { type: "mcp_tool_use", id: "x", name: "echo", input: { a: 1 }, server_name: "e" },
          { type: "container_upload", file_id: "f" },
          { type: "of tomorrow", x: [1] },
        ],
      }),
    ],
  ])("lose nothing of a message with %s", (_, json) => {
    expect(writeReply(readReply(json))).toEqual(json);
  });
});

describe("readReply", () => {
  it("says what a message says in the shared vocabulary", () => {
    const parts = readReply(
      message({
        content: [
          { type: "thinking", thinking: "hm", signature: "s" },
          { type: "redacted_thinking", data: "d" },
          { type: "text", text: "hi" },
          { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
        ],
        stop_reason: "tool_use",
        usage: {
          input_tokens: 3,
          cache_read_input_tokens: 4,
          cache_creation_input_tokens: 30,
          cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
          output_tokens: 9,
          output_tokens_details: { thinking_tokens: 2 },
        },
      }),
    );
    expect(collect(parts)).toEqual({
      id: "msg_1",
      model: "m",
      choices: [
        {
          text: "hi",
          reasoning: "hm",
          refusal: "",
          toolCalls: [{ id: "toolu_1", name: "f", arguments: '{"a":1}' }],
          finishReason: "tool-calls",
        },
      ],
      usage: {
        ...noUsage,
        inputTokens: 3,
        cacheReadTokens: 4,
        cacheWriteTokens: 10,
        cacheWriteHourTokens: 20,
        outputTokens: 7,
        reasoningTokens: 2,
      },
    });
  });

  it.each([
    ["an error", { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "Overloaded"],
    ["an error without a type", { error: { type: "api_error", message: "no" } }, "no"],
    ["something else", { id: "a" }, "the provider's answer is not a message"],
    ["a block that is none", message({ content: ["x"] }), "a block of content that is not an object"],
  ])("refuses %s", (_, json: JsonObject, text) => {
    expect(() => readReply(json)).toThrow(text);
    expect(() => readReply(json)).toThrow(expect.objectContaining({ code: "upstream_failed" }));
  });

  it("refuses what is nested too deep", () => {
    let input: JsonObject = {};
    for (let depth = 0; depth < 200; depth += 1) input = { input };
    expect(() =>
      readReply(message({ content: [{ type: "tool_use", id: "a", name: "f", input }] })),
    ).toThrow();
  });
});

describe("writeReply", () => {
  it("writes an answer of another dialect as Anthropic does", () => {
    const reasoning: Part = { type: "reasoning-delta", choice: 0, text: "hm" };
    const usage: Part = {
      type: "usage",
      usage: { ...noUsage, inputTokens: 3, cacheWriteHourTokens: 4, outputTokens: 5, reasoningTokens: 6 },
    };
    expect(
      writeReply([
        start,
        reasoning,
        say("a"),
        say("b"),
        call(0),
        args(0, '{"a":'),
        args(0, "1}"),
        stop,
        usage,
      ]),
    ).toEqual({
      id: "chatcmpl-1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [
        { type: "thinking", thinking: "hm", signature: "" },
        { type: "text", text: "ab" },
        { type: "tool_use", id: "call_0", name: "f", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: {
        input_tokens: 3,
        cache_creation_input_tokens: 4,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 4 },
        output_tokens: 11,
        output_tokens_details: { thinking_tokens: 6 },
      },
    });
  });

  it("makes an id from when the answer was made, where the vendor gave none", () => {
    expect(writeReply([{ ...start, id: "" }, stop]).id).toBe("msg_5eg");
  });

  it.each([
    ["", {}],
    ["  ", {}],
    ["{}", {}],
    ['{"a":1', { INVALID_JSON: '{"a":1' }],
    ["[1]", { INVALID_JSON: "[1]" }],
  ])("writes the arguments %j", (text, input) => {
    const { content } = writeReply([start, call(0), args(0, text), stop]);
    expect(content).toEqual([{ type: "tool_use", id: "call_0", name: "f", input }]);
  });

  it("writes tool calls that come in turn", () => {
    const { content } = writeReply([start, call(0), call(1), args(1, '{"b":1}'), args(0, "{}"), stop]);
    expect(content).toMatchObject([
      { id: "call_0", input: {} },
      { id: "call_1", input: { b: 1 } },
    ]);
  });

  it("writes a refusal as text and says that it is one", () => {
    const declined: Part = { type: "refusal-delta", choice: 0, text: "I cannot" };
    expect(writeReply([start, declined, stop])).toMatchObject({
      content: [{ type: "text", text: "I cannot" }],
      stop_reason: "refusal",
    });
  });

  it("writes the first of several choices", () => {
    const other: Part = { type: "text-delta", choice: 1, text: "b" };
    expect(writeReply([start, say("a"), other, stop]).content).toEqual([{ type: "text", text: "a" }]);
  });

  it("writes usage that somebody changed", () => {
    const parts = readReply(message({})).map(
      (part): Part => (part.type === "usage" ? { ...part, usage: { ...part.usage, outputTokens: 6 } } : part),
    );
    expect(writeReply(parts).usage).toMatchObject({ input_tokens: 3, output_tokens: 6 });
  });
});

describe("observeReply", () => {
  it.each(anthropicReplies)("sees of $name what its parts say", ({ json }) => {
    const { usage, choices } = collect(readReply(JSON.parse(json)));
    expect(observeReply(JSON.parse(json))).toEqual({ usage, finishReason: choices[0].finishReason });
  });

  it.each([
    [{ input_tokens: 3 }, { inputTokens: 3, estimated: true }],
    [{ output_tokens: 3 }, { outputTokens: 3, estimated: true }],
    [{ input_tokens: -1, output_tokens: 1e12 }, undefined],
    [{}, undefined],
    [
      { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 9 },
      { inputTokens: 1, outputTokens: 2, cacheWriteTokens: 9 },
    ],
    [
      { input_tokens: 1, output_tokens: 2, cache_creation: { ephemeral_1h_input_tokens: 9 } },
      { inputTokens: 1, outputTokens: 2, cacheWriteHourTokens: 9 },
    ],
    [
      { input_tokens: 1, output_tokens: 2, output_tokens_details: { thinking_tokens: 9 } },
      { inputTokens: 1, reasoningTokens: 2 },
    ],
    [
      {
        input_tokens: 23,
        output_tokens: 10,
        iterations: [
          { type: "compaction", input_tokens: 180, cache_read_input_tokens: 5, output_tokens: 35 },
          { type: "advisor_message", input_tokens: 7, output_tokens: 2 },
          { type: "message", input_tokens: 23, output_tokens: 10 },
          null,
        ],
      },
      { inputTokens: 210, cacheReadTokens: 5, outputTokens: 47 },
    ],
    [
      { input_tokens: 1, output_tokens: 2, iterations: [{ type: "compaction", output_tokens: 3 }] },
      { inputTokens: 1, outputTokens: 5, estimated: true },
    ],
    [
      { input_tokens: 1, output_tokens: 2, iterations: null },
      { inputTokens: 1, outputTokens: 2 },
    ],
  ])("reads the usage %j", (usage, counts) => {
    expect(observeReply(message({ usage })).usage).toEqual(counts && { ...noUsage, ...counts });
  });
});

describe("isReply and readReplyError", () => {
  it("tell a message from an error", () => {
    expect(isReply(message({}))).toBe(true);
    expect(isReply({ type: "error", error: {} })).toBe(false);
    expect(readReplyError(message({}))).toBeUndefined();
    expect(
      readReplyError({ type: "error", error: { type: "permission_error", message: "no" } }),
    ).toMatchObject({
      code: "upstream_auth",
    });
  });
});
