import type { FinishReason, JsonObject, Part } from "@llmproxy/spec";
import {
  anthropicEventStream,
  loadRecordings,
  openaiEventStream,
  type StreamRecording,
  type UnaryRecording,
} from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { condense, createCollector } from "../collect.ts";
import { isArray, isObject } from "../json/value.ts";
import { anthropicReplies, anthropicStreams } from "../test-support/anthropic-recordings.ts";
import { parseEventStream } from "../test-support/event-grammar.ts";
import type { Dialect } from "./dialect.ts";
import { dialects } from "./dialects.ts";

const { "openai-chat": openai, "anthropic-messages": anthropic } = dialects;

const openaiFormats = [
  "openai-chat",
  "openai-compatible",
  "deepseek",
  "groq",
  "mistral",
  "xai",
  "perplexity",
] as const;
const openaiRecordings = openaiFormats.flatMap((format) => loadRecordings(format));
const openaiStreams = openaiRecordings.filter(
  (recording): recording is StreamRecording => recording.kind === "stream",
);
const openaiReplies = openaiRecordings
  .filter((recording): recording is UnaryRecording => recording.kind === "unary")
  .filter(({ json }) => openai.isReply(JSON.parse(json)));

const streams = [
  ...openaiStreams.map(({ name, chunks }) => ({
    name,
    parts: () => readStream(openai, openaiEventStream(chunks)),
  })),
  ...anthropicStreams.map(({ name, chunks }) => ({
    name,
    parts: () => readStream(anthropic, anthropicEventStream(chunks)),
  })),
];
const replies = [
  ...openaiReplies.map(({ name, json }) => ({ name, parts: () => openai.readReply(JSON.parse(json)) })),
  ...anthropicReplies.map(({ name, json }) => ({ name, parts: () => anthropic.readReply(JSON.parse(json)) })),
];

function readStream(dialect: Dialect, frames: string | Uint8Array): readonly Part[] {
  return dialect.createStreamReader().read(Buffer.from(frames));
}

function writeStream(dialect: Dialect, parts: readonly Part[]): string {
  const writer = dialect.createStreamWriter({ includeUsage: true });
  const stream = parts.map((part) => writer.write(part)).join("") + writer.end();
  if (dialect === anthropic) parseEventStream(stream);
  return stream;
}

/** What both dialects can say of an answer: its first choice, without what only one of them has. */
function meaning(parts: readonly Part[]) {
  const collector = createCollector();
  for (const part of parts) collector.add(part);
  const { id, model, choices, usage } = collector.result();
  const [{ text, refusal, reasoning, toolCalls, finishReason }] = choices;
  return {
    id,
    model,
    // Anthropic's refusals are text with a reason of their own.
    text: text + refusal,
    reasoning,
    toolCalls: toolCalls.map((call) => ({ ...call, arguments: parsed(call.arguments) })),
    finishReason: reasonOf(finishReason, toolCalls.length > 0),
    usage: usage && {
      input: usage.inputTokens + usage.audioInputTokens,
      cacheRead: usage.cacheReadTokens,
      cacheWritten: usage.cacheWriteTokens + usage.cacheWriteHourTokens,
      output: usage.outputTokens + usage.audioOutputTokens,
      reasoning: usage.reasoningTokens,
    },
  };
}

/** Spaces in arguments are the model's own; a message says them as JSON. */
function parsed(text: string): unknown {
  return text === "" ? {} : JSON.parse(text);
}

/** Neither dialect has a word for `other`, and Anthropic's says that tools are to be run where OpenAI's need not. */
function reasonOf(reason: FinishReason | undefined, hasCalls: boolean): FinishReason | undefined {
  const said = reason === "other" ? "stop" : reason;
  return said === "stop" && hasCalls ? "tool-calls" : said;
}

describe.each([
  [openai, anthropic],
  [anthropic, openai],
])("answers in the other dialect and back (%#)", (first, second) => {
  it.each(streams)("say the same of the stream $name", ({ parts }) => {
    const original = parts();
    const there = readStream(first, writeStream(first, original));
    const back = readStream(second, writeStream(second, there));
    const again = readStream(first, writeStream(first, back));
    for (const translated of [there, back, again]) expect(meaning(translated)).toEqual(meaning(original));
  });

  it.each(replies)("say the same of the message $name", ({ parts }) => {
    const original = parts();
    const there = first.readReply(first.writeReply(original));
    const back = second.readReply(second.writeReply(there));
    for (const translated of [there, back]) expect(meaning(translated)).toEqual(meaning(original));
  });

  it.each(streams)("say the same of the stream $name when it is put together", async ({ parts }) => {
    const original = parts();
    const whole = await condense(asyncOf(original));
    expect(meaning(first.readReply(first.writeReply(whole)))).toEqual(meaning(original));
  });

  it.each(replies)("say the same of the message $name when it is streamed", ({ parts }) => {
    const original = parts();
    expect(meaning(readStream(first, writeStream(first, original)))).toEqual(meaning(original));
  });
});

async function* asyncOf(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

describe("signed thoughts", () => {
  const blocks: readonly JsonObject[] = [
    { type: "thinking", thinking: "first", signature: "s1" },
    { type: "redacted_thinking", data: "d" },
    { type: "thinking", thinking: "", signature: "s2" },
    { type: "text", text: "hi" },
    { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
  ];
  const message: JsonObject = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: blocks,
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 5 },
  };
  const details = [
    { type: "reasoning.text", text: "first", signature: "s1", format: "anthropic-claude-v1", index: 0 },
    { type: "reasoning.encrypted", data: "d", format: "anthropic-claude-v1", index: 1 },
    { type: "reasoning.text", text: "", signature: "s2", format: "anthropic-claude-v1", index: 2 },
  ];

  /** The blocks Anthropic gets when an OpenAI client sends this message back. */
  function sentBack(assistant: JsonObject): unknown {
    const request = openai.readRequest({
      model: "m",
      messages: [
        { role: "user", content: "go" },
        assistant,
        { role: "tool", tool_call_id: "toolu_1", content: "done" },
      ],
    });
    const { messages } = anthropic.writeRequest(request, { modelMaxOutputTokens: 10 });
    return isArray(messages) && isObject(messages[1]) ? messages[1].content : undefined;
  }

  it("come back from a client of OpenAI's dialect in their order", () => {
    const { choices } = openai.writeReply(anthropic.readReply(message)) as {
      choices: { message: JsonObject }[];
    };
    const assistant = choices[0]?.message ?? {};
    expect(assistant.reasoning_details).toEqual(details);
    expect(assistant.reasoning_content).toBe("first");
    expect(sentBack(assistant)).toEqual(blocks);
  });

  it("come back to where they stood between text and tool calls", () => {
    const thought = (signature: string) => ({ type: "thinking", thinking: signature, signature });
    const call = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
    const text = { type: "text", text: "hi" };
    const content = [
      thought("s1"),
      text,
      thought("s2"),
      call("toolu_1"),
      thought("s3"),
      thought("s4"),
      call("toolu_2"),
    ];
    const parts = anthropic.readReply({ ...message, content });
    for (const said of [parts, readStream(anthropic, writeStream(anthropic, parts))]) {
      const { choices } = openai.writeReply(said) as { choices: { message: JsonObject }[] };
      const assistant = choices[0]?.message ?? {};
      expect(sentBack(assistant)).toEqual(content);
      // A client that dropped a call keeps the thoughts.
      const { tool_calls, ...rest } = assistant;
      expect(sentBack(rest)).toEqual([thought("s1"), thought("s3"), thought("s4"), text, thought("s2")]);
    }
  });

  it("come whole in a stream, when they are signed", () => {
    const stream = writeStream(anthropic, anthropic.readReply(message));
    const chunks = writeStream(openai, readStream(anthropic, stream))
      .split("\n\n")
      .filter((frame) => frame.includes("reasoning_details"))
      .map((frame) => JSON.parse(frame.slice("data: ".length)).choices[0].delta.reasoning_details);
    expect(chunks).toEqual(details.map((detail) => [detail]));
    const { choices } = openai.writeReply(readStream(anthropic, stream)) as {
      choices: { message: JsonObject }[];
    };
    expect(sentBack(choices[0]?.message ?? {})).toEqual(blocks);
  });

  it("are put together from the pieces in which OpenRouter streams them", () => {
    const piece = { type: "reasoning.text", format: "anthropic-claude-v1", index: 0 };
    const reasoning_details = [
      { ...piece, text: "fi" },
      { ...piece, text: "rst" },
      { ...piece, signature: "s1" },
    ];
    const sent = { role: "assistant", content: "hi", reasoning: "first", reasoning_details };
    expect(sentBack(sent)).toEqual([blocks[0], blocks[3]]);
  });

  it("are left out where nobody signed them, or another vendor did", () => {
    const piece = { type: "reasoning.text", text: "a", signature: "s", format: "google-gemini-v1", index: 0 };
    expect(sentBack({ role: "assistant", content: "hi", reasoning_content: "a" })).toEqual([blocks[3]]);
    expect(sentBack({ role: "assistant", content: "hi", reasoning_details: [piece] })).toBe("hi");
    expect(
      sentBack({
        role: "assistant",
        content: "hi",
        reasoning_details: [{ ...piece, format: "anthropic-claude-v1", signature: null }],
      }),
    ).toBe("hi");
  });

  it("stay as the client wrote them in its own dialect", () => {
    const sent = { role: "assistant", content: "hi", reasoning_content: "first", reasoning_details: details };
    const json = { model: "m", messages: [{ role: "user", content: "go" }, sent] };
    expect(openai.writeRequest(openai.readRequest(json))).toEqual(json);
  });
});

describe("parts made at random", () => {
  it("say the same in both dialects", () => {
    fc.assert(
      fc.property(anyAnswer(), (parts) => {
        for (const dialect of [openai, anthropic]) {
          const stream = readStream(dialect, writeStream(dialect, parts));
          expect(meaning(stream)).toEqual(meaning(parts));
          expect(meaning(dialect.readReply(dialect.writeReply(parts)))).toEqual(meaning(parts));
          const other = dialect === openai ? anthropic : openai;
          expect(meaning(readStream(other, writeStream(other, stream)))).toEqual(meaning(parts));
        }
      }),
      { numRuns: 300 },
    );
  });
});

const count = fc.nat(1_000);

function anyAnswer(): fc.Arbitrary<readonly Part[]> {
  const text = fc.string({ maxLength: 5 });
  const said = fc.oneof(
    text.map((piece): Part => ({ type: "text-delta", choice: 0, text: piece })),
    text.map((piece): Part => ({ type: "reasoning-delta", choice: 0, text: piece })),
  );
  const input = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  const usage = fc.record({
    inputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    cacheWriteHourTokens: count,
    audioInputTokens: count,
    outputTokens: count,
    reasoningTokens: count,
    audioOutputTokens: count,
    estimated: fc.constant(false),
  });
  return fc
    .record({
      said: fc.array(said, { maxLength: 8 }),
      inputs: fc.array(input, { maxLength: 3 }),
      reason: fc.constantFrom("stop", "length", "content-filter"),
      usage,
    })
    .map(({ said: pieces, inputs, reason, usage: used }): readonly Part[] => [
      { type: "start", id: "a", model: "m", createdAt: new Date(1_000) },
      ...pieces,
      ...inputs.flatMap((called, index) => callParts(index, JSON.stringify(called))),
      { type: "finish", choice: 0, reason: inputs.length > 0 ? "tool-calls" : reason },
      { type: "usage", usage: used },
    ]);
}

function callParts(index: number, text: string): readonly Part[] {
  const start = { type: "tool-call-start", choice: 0, index, id: `call_${index}`, name: "f" } as const;
  const pieces = [text.slice(0, 3), text.slice(3)].filter((piece) => piece !== "");
  return [
    start,
    ...pieces.map((piece): Part => ({ type: "tool-call-delta", choice: 0, index, arguments: piece })),
  ];
}
