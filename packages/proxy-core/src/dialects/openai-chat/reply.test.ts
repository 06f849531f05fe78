import { type JsonObject, noUsage, type Part } from "@llmproxy/spec";
import { loadRecordings, openaiEventStream, type RecordingFormat } from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCollector } from "../../collect.ts";
import { observeReply, readReply, writeReply } from "./reply.ts";
import { createStreamReader } from "./stream.ts";

const formats = [
  "openai-chat",
  "openai-compatible",
  "deepseek",
  "groq",
  "mistral",
  "xai",
  "perplexity",
] as const;

/** Recordings of chat completions: not of errors or of other endpoints. */
function completions(format: RecordingFormat): { name: string; json: JsonObject }[] {
  return loadRecordings(format).flatMap((recording) => {
    if (recording.kind !== "unary") return [];
    const json: JsonObject = JSON.parse(recording.json);
    return json.choices ? [{ name: `${format}/${recording.name}`, json }] : [];
  });
}

const recordings = formats.flatMap(completions);
const streams = formats.flatMap((format) =>
  loadRecordings(format).filter((recording) => recording.kind === "stream"),
);

const reply = (message: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: "a",
  object: "chat.completion",
  created: 7,
  model: "m",
  choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
  ...more,
});

function collect(parts: readonly Part[]) {
  const collector = createCollector();
  for (const part of parts) collector.add(part);
  return collector.result();
}

describe("readReply and writeReply", () => {
  it.each(recordings)("write back $name", ({ json }) => {
    expect(writeReply(readReply(json))).toEqual(json);
    expect(readReply(writeReply(readReply(json)))).toEqual(readReply(json));
  });

  it.each<[string, JsonObject]>([
    ["text", { role: "assistant", content: "a", refusal: null, annotations: [] }],
    ["nothing", {}],
    ["an empty text", { role: "assistant", content: "" }],
    ["a refusal", { role: "assistant", content: null, refusal: "no" }],
    [
      "reasoning",
      {
        role: "assistant",
        content: "a",
        reasoning: "hm",
        reasoning_details: [{ type: "reasoning.text", text: "hm" }],
      },
    ],
    [
      "content in elements",
      {
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
          { type: "text", text: "a" },
          { type: "reference" },
        ],
      },
    ],
    [
      "audio and annotations",
      {
        content: "a",
        audio: { id: "x", data: "AA==", expires_at: 1, transcript: "a" },
        annotations: [{ type: "url_citation" }],
      },
    ],
    ["a legacy function call", { content: null, function_call: { name: "f", arguments: "{}" } }],
    [
      "calls of functions and of custom tools",
      {
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "c2", type: "custom", custom: { name: "g", input: "x" } },
        ],
      },
    ],
    ["a call with nothing in it", { tool_calls: [{ function: {} }, 1, null] }],
    ["no calls", { content: "a", tool_calls: [] }],
  ])("write back %s", (_, message) => {
    expect(writeReply(readReply(reply(message)))).toEqual(reply(message));
  });

  it.each<[string, JsonObject]>([
    [
      "log probabilities",
      {
        choices: [
          {
            index: 0,
            message: { content: "a" },
            logprobs: { content: [{ token: "a" }], refusal: null },
            finish_reason: "stop",
          },
        ],
      },
    ],
    [
      "several choices out of order",
      {
        choices: [
          { index: 1, message: { content: "b" }, finish_reason: "length" },
          { index: 0, message: { content: "a" }, finish_reason: "eos" },
        ],
      },
    ],
    [
      "choices without index, message or finish reason",
      { choices: [{}, { message: null, finish_reason: null }] },
    ],
    ["no choices", { choices: [] }],
    ["usage without counts", { usage: {} }],
    ["usage that is null", { usage: null }],
    [
      "unknown members and none of the known",
      { id: null, object: undefined, created: "now", model: 1, note: { a: [1] } },
    ],
    ["filters and citations", { prompt_filter_results: [{ prompt_index: 0 }], citations: ["https://a"] }],
  ])("write back an answer with %s", (_, more) => {
    const json: JsonObject = JSON.parse(JSON.stringify(reply({ content: "a" }, more)));
    expect(writeReply(readReply(json))).toEqual(json);
  });

  it("lose nothing of answers made at random", () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const object = fc.dictionary(
      fc.constantFrom(
        "index",
        "message",
        "content",
        "role",
        "tool_calls",
        "refusal",
        "finish_reason",
        "logprobs",
        "x",
        "__proto__",
      ),
      json,
    );
    fc.assert(
      fc.property(object, object, object, (top, choice, message) => {
        const answer: JsonObject = JSON.parse(JSON.stringify({ ...top, choices: [{ ...choice, message }] }));
        expect(writeReply(readReply(answer))).toEqual(answer);
      }),
      { numRuns: 300 },
    );
  });
});

describe("readReply", () => {
  it("reads an answer into parts in the order of the vocabulary", () => {
    const parts = readReply(
      reply(
        {
          role: "assistant",
          content: "a",
          refusal: "no",
          reasoning_content: "hm",
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      ),
    );
    expect(parts).toMatchObject([
      { type: "start", id: "a", model: "m", createdAt: new Date(7_000) },
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "text-delta", choice: 0, text: "a" },
      { type: "refusal-delta", choice: 0, text: "no" },
      { type: "tool-call-start", choice: 0, index: 0, id: "c1", name: "f" },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "{}" },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "usage", usage: { ...noUsage, inputTokens: 1, outputTokens: 2 } },
    ]);
  });

  it("takes each call of a unary answer for another, even with the same id", () => {
    const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
    expect(collect(readReply(reply({ tool_calls: [call, call] }))).choices[0].toolCalls).toHaveLength(2);
  });

  it.each<[string, JsonObject, object]>([
    [
      "an error",
      { error: { message: "no capacity", code: 503 } },
      { message: "no capacity", vendor: { status: 503, code: 503 } },
    ],
    ["an answer without choices", { id: "a" }, { message: "the provider's answer is not a chat completion" }],
    [
      "choices that are no array",
      { choices: {} },
      { message: "the provider's answer is not a chat completion" },
    ],
    [
      "a choice that is not an object",
      { choices: ["a"] },
      { message: "the provider sent a choice that is not an object" },
    ],
    [
      "very deep nesting",
      { choices: [], x: JSON.parse("[".repeat(10_000) + "]".repeat(10_000)) },
      { message: "the provider's answer is not a chat completion" },
    ],
  ])("fails on %s", (_, json, expected) => {
    expect(() => readReply(json)).toThrow(expect.objectContaining({ code: "upstream_failed", ...expected }));
  });
});

describe("writeReply", () => {
  it("writes parts of other dialects as OpenAI does", () => {
    expect(
      writeReply([
        { type: "start", id: "a", model: "m", createdAt: new Date(7_900) },
        { type: "text-delta", choice: 0, text: "hel" },
        { type: "text-delta", choice: 0, text: "lo" },
        { type: "logprobs", choice: 0, value: { content: [1], refusal: null } },
        { type: "logprobs", choice: 0, value: { content: [2], refusal: null } },
        { type: "finish", choice: 0, reason: "other" },
        { type: "tool-call-start", choice: 1, index: 0, id: "c1", name: "f" },
        { type: "tool-call-delta", choice: 1, index: 0, arguments: "{" },
        { type: "tool-call-delta", choice: 1, index: 0, arguments: "}" },
        { type: "reasoning-delta", choice: 1, text: "hm" },
        { type: "finish", choice: 1, reason: "tool-calls" },
        { type: "refusal-delta", choice: 2, text: "no" },
        { type: "finish", choice: 2, reason: "content-filter" },
        { type: "usage", usage: { ...noUsage, inputTokens: 1, outputTokens: 2 } },
      ]),
    ).toEqual({
      id: "a",
      object: "chat.completion",
      created: 7,
      model: "m",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "hello", refusal: null },
          logprobs: { content: [1, 2], refusal: null },
          finish_reason: "stop",
        },
        {
          index: 1,
          message: {
            role: "assistant",
            content: null,
            refusal: null,
            reasoning_content: "hm",
            tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
          },
          logprobs: null,
          finish_reason: "tool_calls",
        },
        {
          index: 2,
          message: { role: "assistant", content: null, refusal: "no" },
          logprobs: null,
          finish_reason: "content_filter",
        },
      ],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    });
  });

  it("writes an empty answer", () => {
    expect(
      writeReply([
        { type: "start", id: "a", model: "m" },
        { type: "finish", choice: 0, reason: "stop" },
      ]),
    ).toEqual({
      id: "a",
      object: "chat.completion",
      created: 0,
      model: "m",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
    });
  });

  it.each(streams)("puts $name together, for this dialect and others alike", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    const json = writeReply(parts);
    expect(json.object).toBe("chat.completion");
    const { extra, ...start } = parts[0] as Extract<Part, { type: "start" }>;
    expect(collect(readReply(json))).toEqual(collect([start, ...parts.slice(1)]));
    expect(json).not.toHaveProperty("obfuscation");
    expect(JSON.stringify(json.choices)).not.toContain('"delta"');
  });

  it("keeps of a stream what only this dialect knows", () => {
    const chunk = (delta: JsonObject, more: JsonObject = {}, top: JsonObject = {}): string =>
      JSON.stringify({
        id: "a",
        model: "m",
        created: 7,
        system_fingerprint: "fp",
        choices: [{ index: 0, delta, ...more }],
        ...top,
      });
    const parts = createStreamReader().read(
      openaiEventStream([
        chunk({ role: "assistant", content: "", refusal: null }, {}, { obfuscation: "x" }),
        chunk(
          { content: "a" },
          { content_filter_results: { hate: { filtered: false } } },
          { x_groq: { id: "r" } },
        ),
        chunk({ audio: { id: "au", data: "AA" } }),
        chunk({ audio: { data: "BB", transcript: "hi" } }),
        chunk({ annotations: [1] }),
        chunk({ annotations: [2] }),
        chunk({ tool_calls: [{ index: 0, id: "c1", type: "custom", custom: { name: "g", input: "x" } }] }),
        chunk({ tool_calls: [{ index: 0, custom: { input: "y" } }] }),
        chunk({}, { finish_reason: "tool_calls" }, { service_tier: "flex" }),
      ]),
    );
    expect(writeReply(parts)).toEqual({
      id: "a",
      object: "chat.completion",
      created: 7,
      model: "m",
      system_fingerprint: "fp",
      x_groq: { id: "r" },
      service_tier: "flex",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "a",
            refusal: null,
            audio: { id: "au", data: "AABB", transcript: "hi" },
            annotations: [1, 2],
            tool_calls: [{ id: "c1", type: "custom", custom: { name: "g", input: "xy" } }],
          },
          content_filter_results: { hate: { filtered: false } },
          logprobs: null,
          finish_reason: "tool_calls",
        },
      ],
    });
  });

  it("writes changed text in the place of the original", () => {
    const json = reply({
      role: "assistant",
      content: [
        { type: "text", text: "secret", note: 1 },
        { type: "thinking", thinking: "secret" },
      ],
      note: 2,
    });
    const parts = readReply(json).map((part) => ("text" in part ? { ...part, text: "[redacted]" } : part));
    expect(writeReply(parts)).toEqual(
      reply({
        role: "assistant",
        content: [
          { type: "text", text: "[redacted]", note: 1 },
          { type: "thinking", thinking: [{ type: "text", text: "[redacted]" }] },
        ],
        note: 2,
      }),
    );
  });
});

describe("observeReply", () => {
  it.each(recordings)("sees of $name what its parts say", ({ json }) => {
    const { choices, usage } = collect(readReply(json));
    expect(observeReply(json)).toEqual({ usage, finishReason: choices[0].finishReason });
  });

  it.each<[string, JsonObject, object]>([
    [
      "the finish reason of choice 0",
      {
        choices: [
          { index: 1, finish_reason: "stop" },
          { index: 0, finish_reason: "length" },
        ],
      },
      { usage: undefined, finishReason: "length" },
    ],
    [
      "the finish reason of the first where none has a number",
      { choices: [{ finish_reason: "length" }] },
      { usage: undefined, finishReason: "length" },
    ],
    [
      "nothing in what is something else",
      { choices: 1, usage: "much" },
      { usage: undefined, finishReason: undefined },
    ],
    [
      "nothing in an answer that is not complete",
      { choices: [{ index: 0, finish_reason: null }], usage: null },
      { usage: undefined, finishReason: undefined },
    ],
  ])("sees %s", (_, json, expected) => {
    expect(observeReply(json)).toEqual(expected);
  });
});
