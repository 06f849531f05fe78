import { create, fromBinary, fromJson, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { ChatRole, ChatSchema, ToolChoiceMode } from "@llmproxy/proto";
import type { ChatRequest, Content, JsonObject, MediaSource } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeChat } from "../testing/write-chat.ts";
import { readChat } from "./chat.ts";

type ChatInit = MessageInitShape<typeof ChatSchema>;
type ContentInit = NonNullable<NonNullable<ChatInit["messages"]>[number]["content"]>[number];

const read = (init: ChatInit): ChatRequest => readChat(create(ChatSchema, init), init.model ?? "", true);

/** A conversation whose third message says this. */
const saying = (...content: ContentInit[]): ChatInit => ({
  model: "fast",
  messages: [hello, hello, { role: ChatRole.USER, content }],
});
const hello = { role: ChatRole.USER, content: [{ kind: { case: "text", value: "Hi" } as const }] };
const here = "chat.messages[2].content[0]";

describe("readChat", () => {
  it("reads the least there can be", () => {
    expect(read({ model: "fast", messages: [hello] })).toEqual({
      model: "fast",
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      sampling: {},
      stream: true,
      includeUsage: true,
    });
  });

  it("reads binary content where it is", () => {
    const data = new Uint8Array([0xff, 0, 1, 2]);
    const request = read(
      saying(
        {
          kind: {
            case: "image",
            value: {
              source: { location: { case: "data", value: data }, mediaType: "image/png" },
              detail: "low",
            },
          },
        },
        { kind: { case: "audio", value: { source: { location: { case: "fileId", value: "audio-1" } } } } },
        {
          kind: {
            case: "file",
            value: {
              source: { location: { case: "url", value: "https://a.example/b.pdf" } },
              filename: "b.pdf",
            },
          },
        },
      ),
    );
    expect(request.messages[2]?.content).toEqual([
      { type: "image", source: { kind: "base64", data: "/wABAg==", mediaType: "image/png" }, detail: "low" },
      { type: "audio", source: { kind: "file-id", fileId: "audio-1" } },
      { type: "file", source: { kind: "url", url: "https://a.example/b.pdf" }, filename: "b.pdf" },
    ]);
  });

  it("leaves the choice of a tool to the model where nothing is said of it", () => {
    const toolChoice = { kind: { case: "mode", value: ToolChoiceMode.UNSPECIFIED } } as const;
    expect(read({ model: "fast", messages: [hello], toolChoice })).not.toHaveProperty("toolChoice");
  });

  it("reads a seed of 53 bits exactly", () => {
    const seed = BigInt(Number.MAX_SAFE_INTEGER);
    expect(read({ model: "fast", messages: [hello], sampling: { seed } }).sampling.seed).toBe(2 ** 53 - 1);
  });

  const chat = (more: ChatInit): ChatInit => ({ model: "fast", messages: [hello], ...more });
  const source = (location: { case: "url" | "fileId"; value: string }): ContentInit => ({
    kind: { case: "image", value: { source: { location } } },
  });
  it.each<[string, ChatInit]>([
    ["chat.model", { model: "m".repeat(257), messages: [hello] }],
    ["chat.messages", { model: "fast" }],
    ["chat.messages", { model: "fast", messages: Array.from({ length: 10_001 }, () => hello) }],
    ["chat.messages[1].role", { model: "fast", messages: [hello, { content: [] }] }],
    ["chat.messages[0].role", { model: "fast", messages: [{ role: 99 as ChatRole }] }],
    [here, saying({})],
    [`${here}.image.source`, saying({ kind: { case: "image", value: {} } })],
    [`${here}.audio.source`, saying({ kind: { case: "audio", value: { source: { mediaType: "a/b" } } } })],
    [`${here}.image.source.url`, saying(source({ case: "url", value: "" }))],
    [`${here}.image.source.file_id`, saying(source({ case: "fileId", value: "" }))],
    [
      `${here}.file.source.data`,
      saying({
        kind: { case: "file", value: { source: { location: { case: "data", value: new Uint8Array() } } } },
      }),
    ],
    [`${here}.tool_call.id`, saying({ kind: { case: "toolCall", value: { name: "f" } } })],
    [`${here}.tool_call.name`, saying({ kind: { case: "toolCall", value: { id: "1" } } })],
    [`${here}.tool_result.call_id`, saying({ kind: { case: "toolResult", value: {} } })],
    [
      `${here}.tool_result.content[1]`,
      saying({
        kind: {
          case: "toolResult",
          value: { callId: "1", content: [{ kind: { case: "text", value: "x" } }, {}] },
        },
      }),
    ],
    [`${here}.opaque.dialect`, saying({ kind: { case: "opaque", value: { dialect: "morse" } } })],
    [`${here}.opaque.value`, saying({ kind: { case: "opaque", value: { dialect: "openai-chat" } } })],
    [
      `${here}.extensions`,
      saying({ kind: { case: "opaque", value: {} }, extensions: { "openai-chat": { a: 1 } } }),
    ],
    [
      `${here}.extensions["morse"]`,
      saying({ kind: { case: "text", value: "x" }, extensions: { morse: {} } }),
    ],
    [
      'chat.messages[0].extensions["constructor"]',
      { model: "fast", messages: [{ ...hello, extensions: { constructor: {} } }] },
    ],
    ["chat.tools[1].name", chat({ tools: [{ name: "f" }, {}] })],
    ['chat.tools[0].extensions["x"]', chat({ tools: [{ name: "f", extensions: { x: {} } }] })],
    ["chat.tool_choice", chat({ toolChoice: {} })],
    ["chat.tool_choice.tool_name", chat({ toolChoice: { kind: { case: "toolName", value: "" } } })],
    ["chat.tool_choice.mode", chat({ toolChoice: { kind: { case: "mode", value: 9 as ToolChoiceMode } } })],
    ["chat.sampling.temperature", chat({ sampling: { temperature: Number.NaN } })],
    ["chat.sampling.top_p", chat({ sampling: { topP: Number.POSITIVE_INFINITY } })],
    ["chat.sampling.presence_penalty", chat({ sampling: { presencePenalty: Number.NEGATIVE_INFINITY } })],
    ["chat.sampling.frequency_penalty", chat({ sampling: { frequencyPenalty: Number.NaN } })],
    ["chat.sampling.seed", chat({ sampling: { seed: 2n ** 53n } })],
    ["chat.sampling.seed", chat({ sampling: { seed: -(2n ** 53n) } })],
    ["chat.sampling.choices", chat({ sampling: { choices: 0 } })],
    ["chat.sampling.choices", chat({ sampling: { choices: 129 } })],
    ["chat.sampling.top_logprobs", chat({ sampling: { topLogprobs: -1 } })],
    ["chat.max_output_tokens", chat({ maxOutputTokens: 0 })],
    ["chat.max_output_tokens", chat({ maxOutputTokens: 10_000_001 })],
    ["chat.response_format", chat({ responseFormat: {} })],
    [
      "chat.response_format.json_schema.schema",
      chat({ responseFormat: { kind: { case: "jsonSchema", value: { name: "a" } } } }),
    ],
    [
      "chat.response_format.json_schema.name",
      chat({ responseFormat: { kind: { case: "jsonSchema", value: { schema: {} } } } }),
    ],
    ['chat.extensions["OpenAI"]', chat({ extensions: { OpenAI: { top_k: 1 } } })],
    ['chat.extensions["openai-chat"].model', chat({ extensions: { "openai-chat": { model: "other" } } })],
    [
      'chat.extensions["anthropic-messages"].max_tokens',
      chat({ extensions: { "anthropic-messages": { max_tokens: 1e6 } } }),
    ],
    [
      'chat.messages[0].extensions["openai-chat"].content',
      { model: "fast", messages: [{ ...hello, extensions: { "openai-chat": { content: "x" } } }] },
    ],
  ])("names %s when that is what is wrong", (field, init) => {
    expect(() => read(init)).toThrow(
      expect.objectContaining({
        code: "invalid_request",
        field,
        message: expect.stringContaining(`${field}: expected`),
      }),
    );
  });

  it("reads what was written, whatever was written, in both encodings", () => {
    fc.assert(
      fc.property(anyRequest(), (request) => {
        const message = create(ChatSchema, writeChat(request));
        expect(readChat(message, request.model, request.stream)).toEqual(request);
        const decoded = fromBinary(ChatSchema, toBinary(ChatSchema, message));
        expect(readChat(decoded, request.model, request.stream)).toEqual(request);
        const parsed = fromJson(ChatSchema, toJson(ChatSchema, message));
        expect(readChat(parsed, request.model, request.stream)).toEqual(request);
      }),
      { numRuns: 100 },
    );
  });
});

const name = () => fc.string({ minLength: 1, maxLength: 12 });
const text = () => fc.string({ unit: "grapheme", maxLength: 12 });
const number = () => fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);

/** Ordinary objects: names that mean something to JavaScript are the JSON reader's to test. */
const object = (): fc.Arbitrary<JsonObject> =>
  fc.dictionary(
    fc.string({ maxLength: 6 }).filter((key) => !(key in {})),
    fc.oneof(text(), number(), fc.boolean(), fc.constant(null), fc.array(text(), { maxLength: 2 })),
    { maxKeys: 3, noNullPrototype: true },
  );

/** What may be absent is absent half of the time, never undefined. */
function some<T extends object>(members: { readonly [Name in keyof T]: fc.Arbitrary<T[Name]> }) {
  return fc.record(members, { requiredKeys: [], noNullPrototype: true });
}

function both<A extends object, B extends object>(left: fc.Arbitrary<A>, right: fc.Arbitrary<B>) {
  return fc.tuple(left, right).map(([first, second]) => ({ ...first, ...second }));
}

const members = () =>
  object().map((value) => Object.fromEntries(Object.entries(value).map(([k, v]) => [`x${k}`, v])));
const extra = () =>
  some({
    extra: some({ "openai-chat": members(), "anthropic-messages": members() }).filter(
      (value) => Object.keys(value).length > 0,
    ),
  });

const source = (): fc.Arbitrary<MediaSource> =>
  fc.oneof(
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), some({ mediaType: name() }))
      .map(([bytes, rest]) => ({
        kind: "base64" as const,
        data: Buffer.from(bytes).toString("base64"),
        ...rest,
      })),
    fc.record({ kind: fc.constant("url" as const), url: name() }, { noNullPrototype: true }),
    fc.record({ kind: fc.constant("file-id" as const), fileId: name() }, { noNullPrototype: true }),
  );

const kinds = {
  text: () => both(typed("text", { text: text() }), extra()),
  refusal: () => both(typed("refusal", { text: text() }), extra()),
  reasoning: () => both(typed("reasoning", { text: text() }), both(some({ signature: text() }), extra())),
  image: () => both(typed("image", { source: source() }), both(some({ detail: text() }), extra())),
  audio: () => both(typed("audio", { source: source() }), both(some({ format: text() }), extra())),
  file: () => both(typed("file", { source: source() }), both(some({ filename: text() }), extra())),
  call: () => both(typed("tool-call", { id: name(), name: name(), arguments: text() }), extra()),
  opaque: () =>
    typed("opaque", {
      dialect: fc.constantFrom("openai-chat" as const, "anthropic-messages" as const),
      value: fc.oneof(object(), text(), number(), fc.constant(null)),
    }),
};

function typed<Type extends string, T extends object>(
  type: Type,
  members: { readonly [Name in keyof T]: fc.Arbitrary<T[Name]> },
) {
  return fc
    .record(members, { noNullPrototype: true })
    .map((value) => ({ type, ...(value as T) }) as { type: Type } & T);
}

function anyContent(): fc.Arbitrary<Content> {
  const simple: fc.Arbitrary<Content> = fc.oneof(...Object.values(kinds).map((kind) => kind()));
  const result = both(
    typed("tool-result", { callId: name(), content: fc.array(simple, { maxLength: 2 }) }),
    both(some({ isError: fc.boolean() }), extra()),
  );
  return fc.oneof(simple, result);
}

function anyRequest(): fc.Arbitrary<ChatRequest> {
  const role = fc.constantFrom(
    "system" as const,
    "developer" as const,
    "user" as const,
    "assistant" as const,
  );
  const message = both(
    fc.record({ role, content: fc.array(anyContent(), { maxLength: 3 }) }, { noNullPrototype: true }),
    both(some({ name: text() }), extra()),
  );
  const tool = both(
    fc.record({ name: name() }, { noNullPrototype: true }),
    both(some({ description: text(), parameters: object(), strict: fc.boolean() }), extra()),
  );
  const count = fc.integer({ min: 1, max: 128 });
  const sampling = some({
    temperature: number(),
    topP: number(),
    presencePenalty: number(),
    frequencyPenalty: number(),
    stop: fc.array(text(), { minLength: 1, maxLength: 3 }),
    seed: fc.maxSafeInteger(),
    choices: count,
    topLogprobs: fc.nat(20),
  });
  const format = fc.oneof(
    fc.constantFrom({ type: "text" as const }, { type: "json" as const }),
    both(
      typed("json-schema", { name: name(), schema: object() }),
      some({ description: text(), strict: fc.boolean() }),
    ),
  );
  const choice = fc.oneof(
    fc.constantFrom({ type: "auto" as const }, { type: "none" as const }, { type: "required" as const }),
    typed("tool", { name: name() }),
  );
  return both(
    fc.record(
      {
        model: name(),
        messages: fc.array(message, { minLength: 1, maxLength: 4 }),
        sampling,
        stream: fc.boolean(),
        includeUsage: fc.constant(true),
      },
      { noNullPrototype: true },
    ),
    both(
      some({
        tools: fc.array(tool, { minLength: 1, maxLength: 2 }),
        toolChoice: choice,
        parallelToolCalls: fc.boolean(),
        maxOutputTokens: count,
        responseFormat: format,
        reasoningEffort: text(),
        user: text(),
      }),
      extra(),
    ),
  );
}
