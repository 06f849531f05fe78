import { type Extra, type JsonObject, noUsage, type Part, type ProxyError } from "@llmproxy/spec";
import { loadRecordings, openaiDone, openaiEvent, openaiEventStream } from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCollector } from "../../collect.ts";
import { readEvents } from "../../sse/events.ts";
import { createFrameSplitter } from "../../sse/split.ts";
import { readReply } from "./reply.ts";
import { createStreamReader, createStreamWriter } from "./stream.ts";

const formats = [
  "openai-chat",
  "openai-compatible",
  "deepseek",
  "groq",
  "mistral",
  "xai",
  "perplexity",
] as const;
const recordings = formats.flatMap((format) =>
  loadRecordings(format).filter((recording) => recording.kind === "stream"),
);

const streamOf = (chunks: readonly JsonObject[]): Buffer =>
  openaiEventStream(chunks.map((chunk) => JSON.stringify(chunk)));
const read = (...chunks: JsonObject[]): readonly Part[] => createStreamReader().read(streamOf(chunks));

function write(parts: readonly Part[], includeUsage = true): string {
  const writer = createStreamWriter({ includeUsage });
  return parts.map((part) => writer.write(part)).join("") + writer.end();
}

/** The payloads of a stream without its end. */
function chunksOf(stream: string): JsonObject[] {
  expect(stream.endsWith(openaiDone)).toBe(true);
  return readEvents(Buffer.from(stream.slice(0, -openaiDone.length))).map(({ data }) => JSON.parse(data));
}

function collect(parts: readonly Part[]) {
  const collector = createCollector();
  for (const part of parts) collector.add(part);
  return collector.result();
}

/** What is left of parts when nobody knows this dialect. */
function plain(parts: readonly Part[]): Part[] {
  return parts.map((part) => {
    if (part.type === "opaque") return { ...part, extra: {} };
    const { extra, ...rest } = { extra: undefined as Extra | undefined, ...part };
    return rest as Part;
  });
}

const chunk = (delta: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: "a",
  object: "chat.completion.chunk",
  created: 7,
  model: "m",
  choices: [{ index: 0, delta, finish_reason: null }],
  ...more,
});
const finished = (reason: string, more: JsonObject = {}): JsonObject =>
  chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: reason }], ...more });

describe("createStreamReader and createStreamWriter", () => {
  it.each(recordings)("write back $name chunk by chunk", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    expect(chunksOf(write(parts))).toEqual(chunks.map((text) => JSON.parse(text)));
  });

  it.each(recordings)("write back $name after it has been through JSON", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    const [start, ...others]: Part[] = JSON.parse(JSON.stringify(parts));
    if (start?.type !== "start") throw new Error("expected a start");
    const { createdAt, ...members } = start;
    const revived = { ...members, ...(createdAt ? { createdAt: new Date(createdAt) } : {}) };
    expect(chunksOf(write([revived, ...others]))).toEqual(chunks.map((text) => JSON.parse(text)));
  });

  it.each(recordings)("make of $name one start, a finish per choice and at most one usage", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    const types = parts.map(({ type }) => type);
    expect(types.indexOf("start")).toBe(0);
    expect(types.lastIndexOf("start")).toBe(0);
    const numbers = parts.flatMap((part) =>
      part.type === "text-delta" || part.type === "tool-call-start" ? [part.choice] : [],
    );
    expect(parts.filter(({ type }) => type === "finish").length).toBe(new Set(numbers).size);
    expect(types.filter((type) => type === "usage").length).toBeLessThanOrEqual(1);
    expect(types.at(-1)).toMatch(/^(finish|usage)$/);
  });

  it.each(recordings)("read $name the same wherever it is cut", ({ chunks }) => {
    const stream = openaiEventStream([...chunks.slice(0, 1), ...chunks.slice(-1)]);
    const expected = createStreamReader().read(stream);
    for (let at = 1; at < stream.length; at += 1) {
      const splitter = createFrameSplitter();
      const reader = createStreamReader();
      const pieces = [stream.subarray(0, at), stream.subarray(at)].map((piece) => splitter.push(piece));
      expect(pieces.flatMap((frames) => (frames ? reader.read(frames) : []))).toEqual(expected);
    }
  });

  it.each(recordings)("say of $name the same to other dialects", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    const again = createStreamReader().read(Buffer.from(write(plain(parts))));
    expect(collect(again)).toEqual(collect(parts));
  });

  it("lose nothing of chunks made at random", () => {
    fc.assert(
      fc.property(fc.array(anyChunk(), { minLength: 1, maxLength: 6 }), (chunks) => {
        const parts = createStreamReader().read(streamOf(chunks));
        expect(chunksOf(write(parts))).toEqual(chunks);
      }),
      { numRuns: 150 },
    );
  });

  it("say the same of answers made at random", () => {
    fc.assert(
      fc.property(anyAnswer(), (parts) => {
        const again = createStreamReader().read(Buffer.from(write(parts)));
        expect(collect(again)).toEqual(collect(parts));
      }),
      { numRuns: 100 },
    );
  });
});

describe("createStreamReader", () => {
  it("reads a chunk into parts", () => {
    expect(
      plain(read(chunk({ role: "assistant", content: "" }), chunk({ content: "hi" }), finished("stop"))),
    ).toEqual([
      { type: "start", id: "a", model: "m", createdAt: new Date(7_000) },
      { type: "opaque", choice: 0, extra: {} },
      { type: "text-delta", choice: 0, text: "hi" },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  it.each<[string, JsonObject, Part[]]>([
    ["text", { content: "a" }, [{ type: "text-delta", choice: 0, text: "a" }]],
    ["a refusal", { refusal: "no" }, [{ type: "refusal-delta", choice: 0, text: "no" }]],
    [
      "DeepSeek's reasoning",
      { content: null, reasoning_content: "hm" },
      [{ type: "reasoning-delta", choice: 0, text: "hm" }],
    ],
    [
      "OpenRouter's reasoning",
      { content: "", reasoning: "hm", reasoning_details: [] },
      [{ type: "reasoning-delta", choice: 0, text: "hm" }],
    ],
    [
      "reasoning said twice",
      { reasoning: "hm", reasoning_content: "hm" },
      [{ type: "reasoning-delta", choice: 0, text: "hm" }],
    ],
    [
      "reasoning, text and a refusal at once",
      { refusal: "no", content: "a", reasoning_content: "hm" },
      [
        { type: "reasoning-delta", choice: 0, text: "hm" },
        { type: "text-delta", choice: 0, text: "a" },
        { type: "refusal-delta", choice: 0, text: "no" },
      ],
    ],
    [
      "Mistral's content in elements",
      {
        content: [
          {
            type: "thinking",
            thinking: [
              { type: "text", text: "h" },
              { type: "text", text: "m" },
            ],
          },
          { type: "text", text: "a" },
          { type: "reference", reference_ids: [1] },
        ],
      },
      [
        { type: "reasoning-delta", choice: 0, text: "hm" },
        { type: "text-delta", choice: 0, text: "a" },
        { type: "opaque", choice: 0, extra: {} },
      ],
    ],
    [
      "a legacy function call",
      { function_call: { name: "f", arguments: "{" } },
      [{ type: "opaque", choice: 0, extra: {} }],
    ],
    ["audio", { audio: { id: "x", data: "AA==" } }, [{ type: "opaque", choice: 0, extra: {} }]],
    ["annotations", { annotations: [{ type: "url_citation" }] }, [{ type: "opaque", choice: 0, extra: {} }]],
  ])("reads %s", (_, delta, expected) => {
    const parts = read(chunk(delta), finished("stop"));
    expect(plain(parts).slice(1, -1)).toEqual(expected);
    expect(chunksOf(write(parts))).toEqual([chunk(delta), finished("stop")]);
  });

  const call = (fragment: JsonObject): JsonObject => chunk({ tool_calls: [fragment] });
  it.each<[string, JsonObject[], [string, string, string][]]>([
    [
      "in fragments",
      [
        call({ index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } }),
        call({ index: 0, function: { arguments: '{"a"' } }),
        call({ index: 0, function: { arguments: ":1}" } }),
        call({ index: 1, id: "c2", type: "function", function: { name: "g", arguments: "{}" } }),
      ],
      [
        ["c1", "f", '{"a":1}'],
        ["c2", "g", "{}"],
      ],
    ],
    [
      "in one chunk",
      [
        chunk({
          tool_calls: [
            { index: 0, id: "c1", function: { name: "f", arguments: "{}" } },
            { index: 1, id: "c2", function: { name: "g", arguments: "[]" } },
          ],
        }),
      ],
      [
        ["c1", "f", "{}"],
        ["c2", "g", "[]"],
      ],
    ],
    [
      "intertwined",
      [
        call({ index: 0, id: "c1", function: { name: "f", arguments: "1" } }),
        call({ index: 1, id: "c2", function: { name: "g", arguments: "a" } }),
        call({ index: 0, function: { arguments: "2" } }),
        call({ index: 1, function: { arguments: "b" } }),
      ],
      [
        ["c1", "f", "12"],
        ["c2", "g", "ab"],
      ],
    ],
    [
      "without an index",
      [
        call({ id: "c1", function: { name: "f", arguments: "1" } }),
        call({ id: "c2", function: { name: "g", arguments: "2" } }),
        call({ id: "c1", function: { arguments: "3" } }),
      ],
      [
        ["c1", "f", "13"],
        ["c2", "g", "2"],
      ],
    ],
    [
      "without an index and going on without an id",
      [call({ id: "c1", function: { name: "f", arguments: "1" } }), call({ function: { arguments: "2" } })],
      [["c1", "f", "12"]],
    ],
    [
      "with one index for all",
      [
        call({ index: 0, id: "c1", function: { name: "f", arguments: "1" } }),
        call({ index: 0, id: "c2", function: { name: "f", arguments: "2" } }),
      ],
      [
        ["c1", "f", "1"],
        ["c2", "f", "2"],
      ],
    ],
    ...[undefined, 0].map((index): [string, JsonObject[], [string, string, string][]] => [
      `each whole, with nothing to tell them apart but the index ${index}`,
      ["f", "f", "g"].map((name, at) =>
        call({
          ...(index === undefined ? {} : { index }),
          id: "",
          function: { name, arguments: `{"at":${at}}` },
        }),
      ),
      [
        ["call_0", "f", '{"at":0}'],
        ["call_1", "f", '{"at":1}'],
        ["call_2", "g", '{"at":2}'],
      ],
    ]),
    [
      "with the name repeated, but no id",
      [
        call({ index: 0, id: "c1", function: { name: "f", arguments: "{" } }),
        call({ index: 0, function: { name: "f", arguments: "}" } }),
      ],
      [["c1", "f", "{}"]],
    ],
    [
      "with the id repeated",
      [
        call({ index: 0, id: "c1", function: { name: "f", arguments: "1" } }),
        call({ index: 0, id: "c1", function: { name: "f", arguments: "2" } }),
      ],
      [["c1", "f", "12"]],
    ],
    [
      "with a new id for each fragment",
      [
        call({ index: 0, id: "c1", function: { name: "f", arguments: "1" } }),
        call({ index: 0, id: "x", function: { name: "", arguments: "2" } }),
      ],
      [["c1", "f", "12"]],
    ],
    [
      "with indices that do not begin at 0",
      [
        call({ index: 3, id: "c1", function: { name: "f", arguments: "1" } }),
        call({ index: 3, function: { arguments: "2" } }),
      ],
      [["c1", "f", "12"]],
    ],
    [
      "without an id",
      [call({ index: 0, function: { name: "f", arguments: "{}" } })],
      [["call_0", "f", "{}"]],
    ],
    [
      "with arguments as an object",
      [call({ index: 0, id: "c1", function: { name: "f", arguments: { a: 1 } } })],
      [["c1", "f", '{"a":1}']],
    ],
    ["with no arguments at all", [call({ index: 0, id: "c1", function: { name: "f" } })], [["c1", "f", ""]]],
  ])("reads tool calls %s", (_, chunks, expected) => {
    const parts = read(...chunks, finished("tool_calls"));
    const { toolCalls } = collect(parts).choices[0];
    expect(toolCalls.map(({ id, name, arguments: text }) => [id, name, text])).toEqual(expected);
    expect(chunksOf(write(parts))).toEqual([...chunks, finished("tool_calls")]);
    const elsewhere = createStreamReader().read(Buffer.from(write(plain(parts))));
    expect(collect(elsewhere).choices[0].toolCalls).toEqual(toolCalls);
  });

  it("keeps calls of custom tools whole", () => {
    const chunks = [
      call({ index: 0, id: "c1", type: "custom", custom: { name: "grep", input: "" } }),
      call({ index: 0, custom: { input: "x" } }),
    ];
    const parts = read(...chunks, finished("tool_calls"));
    expect(plain(parts).map(({ type }) => type)).toEqual(["start", "opaque", "opaque", "finish"]);
    expect(chunksOf(write(parts))).toEqual([...chunks, finished("tool_calls")]);
  });

  it("keeps choices apart, also within one chunk", () => {
    const both = chunk(
      {},
      {
        choices: [
          { index: 1, delta: { content: "b" } },
          {
            index: 0,
            delta: { content: "a" },
            logprobs: { content: [{ token: "a" }] },
            finish_reason: "stop",
          },
          { index: 1, delta: { content: "c" }, finish_reason: "length" },
        ],
      },
    );
    const parts = read(both);
    expect(plain(parts).slice(1)).toEqual([
      { type: "text-delta", choice: 1, text: "b" },
      { type: "text-delta", choice: 0, text: "a" },
      { type: "logprobs", choice: 0, value: { content: [{ token: "a" }] } },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "text-delta", choice: 1, text: "c" },
      { type: "finish", choice: 1, reason: "length" },
    ]);
    expect(chunksOf(write(parts))).toEqual([both]);
  });

  it("reads log probabilities that come alone", () => {
    const alone = chunk(
      {},
      { choices: [{ index: 0, delta: {}, logprobs: { content: [] }, finish_reason: null }] },
    );
    const parts = read(alone, finished("stop"));
    expect(plain(parts).map(({ type }) => type)).toEqual(["start", "opaque", "logprobs", "finish"]);
    expect(chunksOf(write(parts))).toEqual([alone, finished("stop")]);
  });

  const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
  it.each<[string, JsonObject[], number]>([
    [
      "in a chunk of its own",
      [chunk({ content: "a" }), finished("stop"), chunk({}, { choices: [], usage })],
      1,
    ],
    ["with the finish reason", [chunk({ content: "a" }), finished("stop", { usage })], 1],
    [
      "with every chunk",
      [chunk({ content: "a" }, { usage: { ...usage, completion_tokens: 1 } }), finished("stop", { usage })],
      1,
    ],
    ["only before the end", [chunk({ content: "a" }, { usage }), finished("stop")], 1],
    ["as null", [chunk({ content: "a" }, { usage: null }), finished("stop", { usage: null })], 0],
    ["without counts", [chunk({ content: "a" }), finished("stop", { usage: { note: 1 } })], 0],
    ["in a chunk without choices", [chunk({ content: "a" }), finished("stop"), { id: "a", usage }], 1],
  ])("reads usage %s", (_, chunks, count) => {
    const parts = read(...chunks);
    const usages = parts.filter(({ type }) => type === "usage");
    expect(usages).toHaveLength(count);
    if (count > 0) expect(usages[0]).toMatchObject({ usage: { inputTokens: 3, outputTokens: 5 } });
    expect(chunksOf(write(parts))).toEqual(chunks);
  });

  it("holds back what Azure says of the prompt until the answer has an id", () => {
    const filters = {
      id: "",
      object: "",
      created: 0,
      model: "",
      choices: [],
      prompt_filter_results: [{ prompt_index: 0 }],
    };
    const reader = createStreamReader();
    expect(reader.read(Buffer.from(openaiEvent(JSON.stringify(filters))))).toEqual([]);
    const parts = reader.read(streamOf([chunk({ content: "a" }), finished("stop")]));
    expect(plain(parts).slice(0, 3)).toEqual([
      { type: "start", id: "a", model: "m", createdAt: new Date(7_000) },
      { type: "opaque", choice: 0, extra: {} },
      { type: "text-delta", choice: 0, text: "a" },
    ]);
    expect(chunksOf(write(parts))).toEqual([filters, chunk({ content: "a" }), finished("stop")]);
  });

  it("tells of an answer that is nothing but such a chunk", () => {
    const filters = { id: "", choices: [], prompt_filter_results: [] };
    expect(chunksOf(write(read(filters)))).toEqual([filters]);
  });

  it("completes choices the vendor did not, once it has said that it is done", () => {
    const parts = read(chunk({ content: "a" }));
    expect(plain(parts).at(-1)).toEqual({ type: "finish", choice: 0, reason: "other" });
    expect(chunksOf(write(parts))).toEqual([chunk({ content: "a" })]);
  });

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool-calls"],
    ["function_call", "tool-calls"],
    ["content_filter", "content-filter"],
    ["eos", "other"],
    ["", "other"],
  ])("reads the finish reason %j as %s, and writes it back", (raw, reason) => {
    const parts = read(chunk({ content: "a" }), finished(raw));
    expect(plain(parts).at(-1)).toEqual({ type: "finish", choice: 0, reason });
    expect(chunksOf(write(parts)).at(-1)).toEqual(finished(raw));
  });

  it("reads nothing after the end", () => {
    const reader = createStreamReader();
    reader.read(streamOf([chunk({ content: "a" }), finished("stop")]));
    expect(reader.read(streamOf([chunk({ content: "b" })]))).toEqual([]);
    expect(
      createStreamReader().read(
        Buffer.concat([streamOf([finished("stop")]), streamOf([chunk({ content: "b" })])]),
      ),
    ).toHaveLength(2);
  });

  it("skips comments, empty events and other lines", () => {
    const frames = `: hello\n\ndata:\n\nid: 1\nretry: 3\n${openaiEvent(JSON.stringify(chunk({ content: "a" })))}data: [DONE] \n\n`;
    expect(plain(createStreamReader().read(Buffer.from(frames))).map(({ type }) => type)).toEqual([
      "start",
      "text-delta",
      "finish",
    ]);
  });

  it.each<[string, string, Partial<ProxyError>]>([
    [
      "an error in OpenAI's form",
      'data: {"error":{"message":"too much","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}',
      { message: "too much", vendor: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" } },
    ],
    [
      "an error with a status for a code",
      'data: {"id":"a","error":{"code":503,"message":"no capacity"},"choices":[]}',
      { message: "no capacity", vendor: { status: 503, code: 503 } },
    ],
    [
      "an error that is a text",
      'data: {"error":"out of memory"}',
      { message: "out of memory", vendor: { status: 502 } },
    ],
    [
      "an error event",
      'event: error\ndata: {"message":"gone","type":"server_error"}',
      { message: "gone", vendor: { status: 500, type: "server_error" } },
    ],
    [
      "an error event with an error",
      'event: error\ndata: {"error":{"message":"gone"}}',
      { message: "gone", vendor: { status: 502 } },
    ],
    [
      "what is not JSON",
      "data: {oops",
      { message: "the provider sent an event that is not a chat completion chunk" },
    ],
    [
      "what is not an object",
      "data: [1]",
      { message: "the provider sent an event that is not a chat completion chunk" },
    ],
    [
      "a choice that is not an object",
      'data: {"choices":[1]}',
      { message: "the provider sent a choice that is not an object" },
    ],
    [
      "deep nesting",
      `data: {"choices":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
      { message: "the provider sent an event that is not a chat completion chunk" },
    ],
    [
      "very many choices",
      `data: ${JSON.stringify({ choices: Array.from({ length: 1_025 }, (_, index) => ({ index })) })}`,
      { message: "the provider sent more than 1024 choices" },
    ],
    [
      "very many tool calls",
      `data: ${JSON.stringify(chunk({ tool_calls: Array.from({ length: 1_025 }, (_, index) => ({ index, id: `c${index}`, function: { name: "f" } })) }))}`,
      { message: "the provider sent more than 1024 tool calls" },
    ],
  ])("fails on %s", (_, frame, expected) => {
    const reader = createStreamReader();
    expect(() => reader.read(Buffer.from(`${frame}\n\n`))).toThrow(
      expect.objectContaining({ code: "upstream_failed", ...expected }),
    );
  });

  it("does not tell the caller of a refused key", () => {
    const frame =
      'data: {"error":{"message":"Incorrect API key provided: sk-abcdefgh12345678","code":"invalid_api_key"}}\n\n';
    expect(() => createStreamReader().read(Buffer.from(frame))).toThrow(
      expect.objectContaining({ code: "upstream_auth", message: expect.not.stringContaining("sk-") }),
    );
  });
});

describe("createStreamWriter", () => {
  const start: Part = { type: "start", id: "a", model: "m", createdAt: new Date(7_999) };

  it("writes parts of other dialects as OpenAI does", () => {
    const parts: Part[] = [
      start,
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "text-delta", choice: 0, text: "a" },
      { type: "tool-call-start", choice: 0, index: 0, id: "c1", name: "f" },
      { type: "tool-call-delta", choice: 0, index: 0, arguments: "{}" },
      { type: "refusal-delta", choice: 1, text: "no" },
      { type: "logprobs", choice: 1, value: { content: [] } },
      { type: "finish", choice: 0, reason: "tool-calls" },
      {
        type: "usage",
        usage: { ...noUsage, inputTokens: 1, cacheReadTokens: 2, outputTokens: 3, reasoningTokens: 4 },
      },
    ];
    const envelope = { id: "a", object: "chat.completion.chunk", created: 7, model: "m" };
    const choice = (index: number, delta: JsonObject, more: JsonObject = {}): JsonObject => ({
      ...envelope,
      choices: [{ index, delta, finish_reason: null, ...more }],
      usage: null,
    });
    expect(chunksOf(write(parts))).toEqual([
      choice(0, { role: "assistant", reasoning_content: "hm" }),
      choice(0, { content: "a" }),
      choice(0, {
        tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } }],
      }),
      choice(0, { tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
      choice(1, { role: "assistant", refusal: "no" }),
      choice(1, {}, { logprobs: { content: [] } }),
      choice(0, {}, { finish_reason: "tool_calls" }),
      {
        ...envelope,
        choices: [],
        usage: {
          prompt_tokens: 3,
          completion_tokens: 7,
          total_tokens: 10,
          prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 0 },
        },
      },
    ]);
  });

  it.each([
    ["OpenAI", "openai-chat"],
    ["DeepSeek", "deepseek"],
    ["Perplexity", "perplexity"],
  ] as const)("leaves usage of %s out where it was not asked for", (_, format) => {
    for (const { chunks } of loadRecordings(format).filter((recording) => recording.kind === "stream")) {
      const parts = createStreamReader().read(openaiEventStream(chunks));
      const written = chunksOf(write(parts, false));
      expect(written.some((json) => "usage" in json)).toBe(false);
      const withoutUsage = chunks
        .map((text): JsonObject => JSON.parse(text))
        .filter(({ choices, usage }) => !(Array.isArray(choices) && choices.length === 0 && usage))
        .map(({ usage, ...json }) => json);
      expect(written).toEqual(withoutUsage);
    }
  });

  it("writes changed text within the chunk it came in", () => {
    const original = chunk({ content: "secret", note: 1 }, { system_fingerprint: "fp", obfuscation: "x" });
    const parts = read(original, finished("stop")).map((part) =>
      part.type === "text-delta" ? { ...part, text: "[redacted]" } : part,
    );
    expect(chunksOf(write(parts))[0]).toEqual(
      chunk({ content: "[redacted]", note: 1 }, { system_fingerprint: "fp", obfuscation: "x" }),
    );
    expect(JSON.stringify(parts)).not.toContain("secret");
  });

  it("writes changed usage instead of the vendor's", () => {
    const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8, queue_time: 1 };
    const parts = read(finished("stop", { usage })).map((part) =>
      part.type === "usage" ? { ...part, usage: { ...noUsage, inputTokens: 1 } } : part,
    );
    expect(chunksOf(write(parts))[0]?.usage).toMatchObject({
      prompt_tokens: 1,
      completion_tokens: 0,
      total_tokens: 1,
    });
  });

  it("writes what somebody has put in between, and what is missing is no harm", () => {
    const parts = [
      ...read(chunk({ role: "assistant", content: "a", reasoning_content: "hm" }), finished("stop")),
    ];
    const added: Part = { type: "text-delta", choice: 0, text: "!" };
    const text = (changed: readonly Part[]) =>
      collect(createStreamReader().read(Buffer.from(write(changed)))).choices[0];
    const without = parts.filter(({ type }) => type !== "reasoning-delta");
    expect(text(without)).toMatchObject({ text: "a", reasoning: "", finishReason: "stop" });
    expect(text(parts.filter(({ type }) => type !== "text-delta"))).toMatchObject({
      text: "",
      reasoning: "hm",
      finishReason: "stop",
    });
    expect(text([...parts.slice(0, -1), added, ...parts.slice(-1)])).toMatchObject({
      text: "a!",
      finishReason: "stop",
    });
    expect(text([...parts.slice(0, 2), added, ...parts.slice(2)]).finishReason).toBe("stop");
  });

  it("makes a stream of a unary answer", () => {
    const reply: JsonObject = {
      id: "a",
      object: "chat.completion",
      created: 7,
      model: "m",
      system_fingerprint: "fp",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: null,
            refusal: null,
            annotations: [{ type: "url_citation" }],
            tool_calls: [
              { id: "c1", type: "function", function: { name: "f", arguments: "{}" } },
              { id: "c2", type: "custom", custom: { name: "grep", input: "x" } },
            ],
          },
          logprobs: null,
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    };
    const envelope = {
      id: "a",
      object: "chat.completion.chunk",
      created: 7,
      model: "m",
      system_fingerprint: "fp",
    };
    expect(chunksOf(write(readReply(reply)))).toEqual([
      {
        ...envelope,
        choices: [
          {
            index: 0,
            delta: {
              role: "assistant",
              annotations: [{ type: "url_citation" }],
              tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "f", arguments: "" } }],
            },
            finish_reason: null,
          },
        ],
        usage: null,
      },
      {
        ...envelope,
        choices: [
          {
            index: 0,
            delta: { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
            finish_reason: null,
          },
        ],
        usage: null,
      },
      {
        ...envelope,
        choices: [
          {
            index: 0,
            delta: {
              tool_calls: [{ index: 1, id: "c2", type: "custom", custom: { name: "grep", input: "x" } }],
            },
            finish_reason: null,
          },
        ],
        usage: null,
      },
      { ...envelope, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }], usage: null },
      { ...envelope, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    ]);
  });

  it("writes nothing for what only another dialect understands", () => {
    const opaque: Part = { type: "opaque", choice: 0, extra: {} };
    expect(chunksOf(write([start, opaque], false))).toEqual([]);
    const own = read(chunk({ content: "a" }), finished("stop"));
    expect(chunksOf(write([...own.slice(0, 2), opaque, ...own.slice(2)]))).toEqual([
      chunk({ content: "a" }),
      finished("stop"),
    ]);
  });

  it("writes an answer without a start", () => {
    expect(chunksOf(write([{ type: "text-delta", choice: 0, text: "a" }], false))).toEqual([
      {
        id: "",
        object: "chat.completion.chunk",
        created: 0,
        model: "",
        choices: [{ index: 0, delta: { role: "assistant", content: "a" }, finish_reason: null }],
      },
    ]);
  });
});

/** Chunks as vendors might write them: members missing, null, of other types, or unknown. */
function anyChunk(): fc.Arbitrary<JsonObject> {
  const text = fc.string({ maxLength: 4 });
  const json = fc.jsonValue({ maxDepth: 2 });
  const odd = fc.constantFrom(null, 0, "", "x", true);
  const optional = <T extends object>(members: { [Name in keyof T]: fc.Arbitrary<T[Name]> }) =>
    fc.record(members, { requiredKeys: [] });
  const withUnknown = (object: fc.Arbitrary<object>): fc.Arbitrary<JsonObject> =>
    fc
      .tuple(object, fc.dictionary(fc.constantFrom("x_a", "x_b", "__proto__", "constructor"), json))
      .map(([known, unknown]) => JSON.parse(JSON.stringify({ ...unknown, ...known })));
  const called = withUnknown(
    optional({ name: fc.oneof(text, odd), arguments: fc.oneof(text, odd, fc.dictionary(text, json)) }),
  );
  const fragment = withUnknown(
    optional({
      index: fc.oneof(fc.nat(2), odd),
      id: fc.oneof(fc.constantFrom("c1", "c2"), odd),
      type: fc.constantFrom("function", "custom", null),
      function: fc.oneof({ weight: 5, arbitrary: called }, odd),
      custom: json,
    }),
  );
  const item = fc.oneof(
    text,
    json,
    withUnknown(fc.record({ type: fc.constant("text"), text })),
    withUnknown(
      fc.record({
        type: fc.constant("thinking"),
        thinking: fc.oneof(text, fc.array(fc.record({ type: fc.constant("text"), text }), { maxLength: 2 })),
      }),
    ),
  );
  const delta = withUnknown(
    optional({
      role: fc.constantFrom("assistant", null),
      content: fc.oneof(text, odd, fc.array(item, { maxLength: 2 })),
      refusal: fc.oneof(text, odd),
      reasoning_content: fc.oneof(text, odd),
      reasoning: fc.oneof(text, odd),
      tool_calls: fc.oneof(fc.array(fragment, { maxLength: 2 }), odd),
      function_call: json,
      annotations: json,
    }),
  );
  const choice = withUnknown(
    optional({
      index: fc.oneof({ weight: 5, arbitrary: fc.nat(1) }, odd),
      delta: fc.oneof({ weight: 9, arbitrary: delta }, odd),
      message: json,
      logprobs: fc.oneof(odd, fc.dictionary(text, json)),
      finish_reason: fc.oneof(fc.constantFrom("stop", "tool_calls", "eos", null), odd),
    }),
  );
  const count = fc.oneof(fc.nat(50), fc.constantFrom(-1, 1e18, null, "3"));
  const usage = withUnknown(
    optional({
      prompt_tokens: count,
      completion_tokens: count,
      total_tokens: count,
      prompt_tokens_details: fc.oneof(odd, optional({ cached_tokens: count, audio_tokens: count })),
      completion_tokens_details: fc.oneof(odd, optional({ reasoning_tokens: count, audio_tokens: count })),
    }),
  );
  return withUnknown(
    optional({
      id: fc.oneof(fc.constantFrom("a", "b"), odd),
      object: fc.oneof(fc.constant("chat.completion.chunk"), odd),
      created: fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 2e9 }), odd),
      model: fc.oneof(fc.constant("m"), odd),
      system_fingerprint: fc.oneof(text, odd),
      choices: fc.oneof({ weight: 5, arbitrary: fc.array(choice, { maxLength: 3 }) }, odd),
      usage: fc.oneof(usage, odd),
      obfuscation: text,
    }),
  );
}

/** Answers in the shared vocabulary. */
function anyAnswer(): fc.Arbitrary<readonly Part[]> {
  const text = fc.string({ minLength: 1, maxLength: 6 });
  const choice = fc.nat(2);
  const delta: fc.Arbitrary<Part> = fc.oneof(
    fc.record({ type: fc.constant("text-delta" as const), choice, text }),
    fc.record({ type: fc.constant("reasoning-delta" as const), choice, text }),
    fc.record({ type: fc.constant("refusal-delta" as const), choice, text }),
  );
  const calls = fc.array(fc.record({ name: text, pieces: fc.array(text, { maxLength: 3 }) }), {
    maxLength: 3,
  });
  const tokens = fc.nat(1_000_000);
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
  return fc
    .tuple(fc.array(delta, { minLength: 1, maxLength: 10 }), calls, fc.option(usage), fc.nat(2e9))
    .map(([deltas, toolCalls, used, created]) => {
      const starts = toolCalls.flatMap(({ name, pieces }, index): Part[] => [
        { type: "tool-call-start", choice: 0, index, id: `c${index}`, name },
        ...pieces.map((piece): Part => ({ type: "tool-call-delta", choice: 0, index, arguments: piece })),
      ]);
      const spoken = [...deltas, ...starts];
      const numbers = new Set(spoken.map((part) => ("choice" in part ? part.choice : 0)));
      return [
        { type: "start", id: "a", model: "m", createdAt: new Date(created * 1_000) },
        ...spoken,
        ...[...numbers].map((number): Part => ({ type: "finish", choice: number, reason: "length" })),
        ...(used ? [{ type: "usage", usage: used } as const] : []),
      ];
    });
}
