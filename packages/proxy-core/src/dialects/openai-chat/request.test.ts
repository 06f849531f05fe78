import type { ChatRequest, JsonObject } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRequest, writeRequest } from "./request.ts";

const hello: JsonObject = { role: "user", content: "hello" };
const minimal: JsonObject = { model: "gpt", messages: [hello] };

/** A request with these members. */
const request = (members: JsonObject): JsonObject => ({ ...minimal, ...members });
/** A request with these messages. */
const conversation = (...messages: JsonObject[]): JsonObject => ({ model: "gpt", messages });

function failure(run: () => unknown): { code: string; field: string; message: string } {
  try {
    run();
  } catch (error) {
    return error as { code: string; field: string; message: string };
  }
  throw new Error("expected a failure");
}

const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "tells the weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    strict: true,
  },
};

const complete: Record<string, JsonObject> = {
  "the least there can be": minimal,
  "every documented member": request({
    audio: { voice: "alloy", format: "wav" },
    frequency_penalty: 0.5,
    logit_bias: { "50256": -100 },
    logprobs: true,
    max_completion_tokens: 100,
    metadata: { team: "a" },
    modalities: ["text", "audio"],
    moderation: { model: "omni", policy: null },
    n: 2,
    parallel_tool_calls: false,
    prediction: { type: "content", content: "text" },
    presence_penalty: -0.5,
    prompt_cache_key: "key",
    prompt_cache_options: { mode: "explicit", ttl: "30m" },
    prompt_cache_retention: "24h",
    reasoning_effort: "low",
    response_format: {
      type: "json_schema",
      json_schema: { name: "answer", description: "d", schema: { type: "object" }, strict: true },
    },
    safety_identifier: "user-1",
    seed: 42,
    service_tier: "flex",
    stop: ["a", "b"],
    store: true,
    stream: true,
    stream_options: { include_usage: true, include_obfuscation: false },
    temperature: 0.7,
    tool_choice: "required",
    tools: [weather, { type: "custom", custom: { name: "grep", format: { type: "text" } } }],
    top_logprobs: 5,
    top_p: 0.9,
    user: "user-1",
    verbosity: "low",
    web_search_options: { search_context_size: "low", user_location: null },
  }),
  "members of vendors": request({
    top_k: 40,
    min_p: 0.1,
    citations: { on: true },
    thinking: { type: "enabled" },
  }),
  nulls: request({
    temperature: null,
    max_tokens: null,
    stop: null,
    stream: null,
    stream_options: null,
    tools: null,
    tool_choice: null,
    response_format: null,
    logprobs: null,
    top_logprobs: null,
    user: null,
    n: null,
    seed: null,
  }),
  "what says nothing": request({
    stream: false,
    stream_options: {},
    tools: [],
    stop: [],
    logprobs: false,
    n: 1,
  }),
  "usage not wanted": request({ stream: true, stream_options: { include_usage: false } }),
  "usage wanted": request({ stream: true, stream_options: { include_usage: true } }),
  "one stop text": request({ stop: "END" }),
  "one stop text in an array": request({ stop: ["END"] }),
  "the older limit": request({ max_tokens: 10 }),
  "both limits": request({ max_tokens: 10, max_completion_tokens: 20 }),
  "token probabilities without alternatives": request({ logprobs: true }),
  "token probabilities with no alternatives": request({ logprobs: true, top_logprobs: 0 }),
  "alternatives alone": request({ top_logprobs: 3 }),
  "format text": request({ response_format: { type: "text" } }),
  "format json": request({ response_format: { type: "json_object" } }),
  "format json with a vendor's schema": request({
    response_format: { type: "json_object", schema: { type: "object" } },
  }),
  "format schema with unknown members": request({
    response_format: {
      type: "json_schema",
      note: 1,
      json_schema: { name: "n", schema: {}, strict: null, note: 2 },
    },
  }),
  "format schema without a name": request({
    response_format: { type: "json_schema", json_schema: { schema: {} } },
  }),
  "format of a vendor": request({ response_format: { type: "grammar", grammar: "root ::= x" } }),
  "legacy functions": request({ functions: [{ name: "f", parameters: {} }], function_call: { name: "f" } }),
  "choice auto": request({ tool_choice: "auto" }),
  "choice of a function": request({
    tools: [weather],
    tool_choice: { type: "function", function: { name: "weather" } },
  }),
  "choice of a custom tool": request({ tool_choice: { type: "custom", custom: { name: "grep" } } }),
  "choice among some": request({
    tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [weather] } },
  }),
  "choice in a vendor's words": request({ tool_choice: "any" }),
  "a tool that is only a name": request({ tools: [{ type: "function", function: { name: "f" } }] }),
  "a tool without a type": request({ tools: [{ function: { name: "f" } }] }),
  "a tool with nulls and unknown members": request({
    tools: [
      {
        type: "function",
        cache: 1,
        function: { name: "f", description: null, parameters: null, strict: null, note: [] },
      },
    ],
  }),
  "a vendor's own tool": request({ tools: [{ type: "web_search", web_search: { enable: true } }] }),
  "all roles": conversation(
    { role: "system", content: "be kind", name: "boss" },
    { role: "developer", content: [{ type: "text", text: "be brief" }] },
    { role: "user", content: "hi", name: "ann" },
    { role: "assistant", content: "hello", name: "bot", refusal: null },
    { role: "tool", tool_call_id: "c1", content: "sunny" },
    {
      role: "tool",
      tool_call_id: "c2",
      content: [
        { type: "text", text: "rain" },
        { type: "text", text: "y" },
      ],
    },
    { role: "function", name: "f", content: null },
  ),
  "every content part": conversation({
    role: "user",
    content: [
      { type: "text", text: "look", prompt_cache_breakpoint: { mode: "explicit" } },
      { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } },
      {
        type: "image_url",
        image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: null, note: 1 },
        cache: true,
      },
      { type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } },
      { type: "image_url", image_url: "https://example.com/b.png" },
      { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav", note: 1 } },
      { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "a.pdf" } },
      { type: "file", file: { file_data: "JVBERi0=", filename: null } },
      { type: "file", file: { file_data: "https://example.com/a.pdf" } },
      { type: "file", file: { file_id: "file-1", file_data: "JVBERi0=" } },
      { type: "video_url", video_url: { url: "https://example.com/a.mp4" } },
    ],
  }),
  "empty contents": conversation(
    { role: "user", content: "" },
    { role: "user", content: [] },
    { role: "assistant", content: "" },
    { role: "assistant", content: [], tool_calls: [] },
    { role: "assistant" },
    { role: "tool", tool_call_id: "c", content: "" },
    { role: "tool", tool_call_id: "c", content: [], name: "f" },
  ),
  "everything an assistant says": conversation(
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
        { id: "c2", type: "custom", custom: { name: "grep", input: "x" } },
        { id: "c3", function: { name: "weather", arguments: "not json", note: 1 }, index: 1 },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "text", text: "a" },
        { type: "refusal", refusal: "no" },
      ],
    },
    { role: "assistant", content: "said", refusal: "no", audio: { id: "audio_1", note: 1 } },
    { role: "assistant", content: "", refusal: "", audio: null, name: null },
    { role: "assistant", content: "x", reasoning_content: "thought" },
    {
      role: "assistant",
      content: "x",
      reasoning: "thought",
      reasoning_details: [{ type: "reasoning.text", text: "thought" }],
    },
    { role: "assistant", content: "x", reasoning_content: "a", reasoning: "b" },
    { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
    { role: "assistant", content: "x", prefix: true, cache_control: { type: "ephemeral" } },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "a" },
      ],
    },
  ),
  "names that mean something to JavaScript": JSON.parse(
    '{"model":"gpt","messages":[{"role":"user","content":"x","__proto__":{"a":1},"constructor":1}],"__proto__":{"b":2},"toString":null}',
  ),
};

describe("readRequest and writeRequest", () => {
  it.each(Object.entries(complete))("write back %s", (_, json) => {
    const before = structuredClone(json);
    const written = writeRequest(readRequest(json));
    expect(JSON.parse(JSON.stringify(written))).toEqual(JSON.parse(JSON.stringify(before)));
    expect(json).toEqual(before);
  });

  it("read what was written as the same request", () => {
    for (const json of Object.values(complete)) {
      const read = readRequest(json);
      expect(readRequest(writeRequest(read))).toEqual(read);
    }
  });

  it("lose nothing of requests made at random", () => {
    fc.assert(
      fc.property(anyRequest(), (json) => {
        expect(writeRequest(readRequest(json))).toEqual(json);
      }),
      { numRuns: 150 },
    );
  });

  it("leave the prototype of all objects alone", () => {
    const json = JSON.parse(
      '{"model":"m","messages":[{"role":"user","content":[{"type":"__proto__"}],"__proto__":{"polluted":1}}]}',
    );
    writeRequest(readRequest(json));
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});

describe("readRequest", () => {
  it("reads settings into the shared vocabulary", () => {
    expect(readRequest(complete["every documented member"]!)).toMatchObject({
      model: "gpt",
      stream: true,
      includeUsage: true,
      maxOutputTokens: 100,
      parallelToolCalls: false,
      reasoningEffort: "low",
      user: "user-1",
      toolChoice: { type: "required" },
      responseFormat: {
        type: "json-schema",
        name: "answer",
        description: "d",
        schema: { type: "object" },
        strict: true,
      },
      sampling: {
        temperature: 0.7,
        topP: 0.9,
        presencePenalty: -0.5,
        frequencyPenalty: 0.5,
        stop: ["a", "b"],
        seed: 42,
        choices: 2,
        topLogprobs: 5,
      },
      tools: [{ name: "weather", description: "tells the weather", strict: true }, { name: "grep" }],
    } satisfies Partial<ChatRequest>);
  });

  it("reads messages into the shared vocabulary", () => {
    const { messages } = readRequest(complete["everything an assistant says"]!);
    expect(messages.map(({ content }) => content.map(({ type }) => type))).toEqual([
      ["tool-call", "opaque", "tool-call"],
      ["text", "refusal"],
      ["text", "refusal", "audio"],
      ["text"],
      ["reasoning", "text"],
      ["reasoning", "text"],
      ["reasoning", "text"],
      [],
      ["text"],
      ["opaque", "text"],
    ]);
    expect(messages[0]?.content[0]).toMatchObject({
      id: "c1",
      name: "weather",
      arguments: '{"city":"Bonn"}',
    });
  });

  it("reads pictures and files into sources", () => {
    const [message] = readRequest(complete["every content part"]!).messages;
    expect(message?.content.map((content) => ("source" in content ? content.source : undefined))).toEqual([
      undefined,
      { kind: "url", url: "https://example.com/a.png" },
      { kind: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" },
      { kind: "url", url: "data:image/svg+xml,%3Csvg/%3E" },
      undefined,
      { kind: "base64", data: "UklGRg==" },
      { kind: "base64", mediaType: "application/pdf", data: "JVBERi0=" },
      { kind: "base64", data: "JVBERi0=" },
      { kind: "url", url: "https://example.com/a.pdf" },
      { kind: "file-id", fileId: "file-1" },
      undefined,
    ]);
  });

  it("takes the newer of two limits", () => {
    expect(readRequest(request({ max_tokens: 10, max_completion_tokens: 20 })).maxOutputTokens).toBe(20);
    expect(readRequest(request({ max_tokens: 10 })).maxOutputTokens).toBe(10);
  });

  it("keeps unknown members under the dialect's name", () => {
    expect(readRequest(request({ top_k: 1, stream: false })).extra).toEqual({
      "openai-chat": { top_k: 1, stream: false },
    });
    expect(readRequest(minimal).extra).toBeUndefined();
  });

  const user = (content: JsonObject["content"]): JsonObject => conversation(hello, { role: "user", content });
  const calls = (tool_calls: JsonObject["content"]): JsonObject =>
    conversation(hello, { role: "assistant", tool_calls });
  const refused: readonly [JsonObject, string, string][] = [
    [{ messages: [hello] }, "model", "a non-empty string"],
    [{ model: "", messages: [hello] }, "model", "a non-empty string"],
    [{ model: 1, messages: [hello] }, "model", "a non-empty string"],
    [{ model: "m".repeat(257), messages: [hello] }, "model", "at most 256 characters"],
    [{ model: "m" }, "messages", "a non-empty array"],
    [{ model: "m", messages: [] }, "messages", "a non-empty array"],
    [{ model: "m", messages: {} }, "messages", "a non-empty array"],
    [
      { model: "m", messages: Array.from({ length: 10_001 }, () => hello) },
      "messages",
      "at most 10000 messages",
    ],
    [conversation(hello, "x" as never), "messages[1]", "an object"],
    [conversation(hello, {}), "messages[1].role", "a string"],
    [
      conversation(hello, { role: "boss", content: "" }),
      "messages[1].role",
      'one of "system", "developer", "user", "assistant", "tool", "function"',
    ],
    [
      conversation(hello, { role: "constructor" }),
      "messages[1].role",
      'one of "system", "developer", "user", "assistant", "tool", "function"',
    ],
    [conversation({ role: "user" }), "messages[0].content", "a string or an array of content parts"],
    [
      conversation({ role: "system", content: null }),
      "messages[0].content",
      "a string or an array of content parts",
    ],
    [conversation({ role: "user", content: "x", name: 1 }), "messages[0].name", "a string"],
    [
      conversation({ role: "assistant", content: {} }),
      "messages[0].content",
      "a string, an array of content parts or null",
    ],
    [conversation({ role: "assistant", refusal: 1 }), "messages[0].refusal", "a string"],
    [conversation({ role: "tool", content: "x" }), "messages[0].tool_call_id", "a string"],
    [
      conversation({ role: "tool", tool_call_id: "c" }),
      "messages[0].content",
      "a string or an array of content parts",
    ],
    [conversation({ role: "function", content: "x" }), "messages[0].name", "a string"],
    [user(["text"]), "messages[1].content[0]", "an object"],
    [user([{ text: "x" }]), "messages[1].content[0].type", "a string"],
    [user([{ type: "text" }]), "messages[1].content[0].text", "a string"],
    [user([{ type: "image_url" }]), "messages[1].content[0].image_url", "an object"],
    [
      user([{ type: "image_url", image_url: {} }]),
      "messages[1].content[0].image_url.url",
      "a non-empty string",
    ],
    [user([{ type: "input_audio", input_audio: {} }]), "messages[1].content[0].input_audio.data", "a string"],
    [user([{ type: "file", file: {} }]), "messages[1].content[0].file", "file_id or file_data to be given"],
    [calls("x"), "messages[1].tool_calls", "an array"],
    [calls([1]), "messages[1].tool_calls[0]", "an object"],
    [calls([{ function: {} }]), "messages[1].tool_calls[0].id", "a string"],
    [calls([{ id: "c", type: "function" }]), "messages[1].tool_calls[0].function", "an object"],
    [
      calls([{ id: "c", function: { name: "f", arguments: {} } }]),
      "messages[1].tool_calls[0].function.arguments",
      "a string",
    ],
    [request({ tools: {} }), "tools", "an array"],
    [request({ tools: [1] }), "tools[0]", "an object"],
    [request({ tools: [{ type: "function" }] }), "tools[0].function", "an object"],
    [
      request({ tools: [{ type: "function", function: {} }] }),
      "tools[0].function.name",
      "a non-empty string",
    ],
    [
      request({ tools: [{ type: "function", function: { name: "f", parameters: [] } }] }),
      "tools[0].function.parameters",
      "an object",
    ],
    [request({ tool_choice: 1 }), "tool_choice", '"auto", "none", "required" or an object naming a function'],
    [request({ temperature: "hot" }), "temperature", "a number"],
    [request({ max_tokens: -1 }), "max_tokens", "an integer from 1 to 10000000"],
    [request({ max_tokens: 1.5 }), "max_tokens", "an integer from 1 to 10000000"],
    [request({ max_tokens: 1e9 }), "max_tokens", "an integer from 1 to 10000000"],
    [request({ max_completion_tokens: 0 }), "max_completion_tokens", "an integer from 1 to 10000000"],
    [request({ n: 1_000 }), "n", "an integer from 1 to 128"],
    [request({ seed: 0.5 }), "seed", "an integer"],
    [request({ top_logprobs: -1 }), "top_logprobs", "an integer of at least 0"],
    [request({ logprobs: 1 }), "logprobs", "true or false"],
    [request({ stop: 1 }), "stop", "a string or an array of strings"],
    [request({ stop: ["a", 1] }), "stop", "a string or an array of strings"],
    [request({ stream: "true" }), "stream", "true or false"],
    [request({ stream_options: true }), "stream_options", "an object"],
    [request({ stream_options: { include_usage: 1 } }), "stream_options.include_usage", "true or false"],
    [request({ response_format: "json" }), "response_format", "an object"],
    [request({ response_format: {} }), "response_format.type", "a string"],
    [request({ user: 1 }), "user", "a string"],
    [request({ parallel_tool_calls: "no" }), "parallel_tool_calls", "true or false"],
  ];
  it("accepts a model's name of 256 characters", () => {
    expect(readRequest({ model: "m".repeat(256), messages: [hello] }).model).toHaveLength(256);
  });

  it.each(refused.map(([json, field, what], index) => ({ json, field, what, index })))(
    "names $field and expects $what ($index)",
    ({ json, field, what }) => {
      expect(failure(() => readRequest(json))).toMatchObject({
        code: "invalid_request",
        field,
        message: `${field}: expected ${what}`,
      });
    },
  );
});

describe("writeRequest", () => {
  const written = (chat: Partial<ChatRequest>): JsonObject =>
    writeRequest({ model: "m", messages: [], sampling: {}, stream: false, includeUsage: false, ...chat });

  it("writes requests of other dialects", () => {
    expect(
      written({
        messages: [
          { role: "system", content: [{ type: "text", text: "a" }] },
          {
            role: "user",
            content: [
              { type: "text", text: "b" },
              { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AA==" } },
              { type: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data: "AA==" } },
              {
                type: "file",
                source: { kind: "base64", mediaType: "application/pdf", data: "AA==" },
                filename: "a.pdf",
              },
            ],
          },
          {
            role: "assistant",
            content: [
              { type: "reasoning", text: "thought", signature: "proof" },
              { type: "text", text: "c" },
              { type: "tool-call", id: "c1", name: "f", arguments: "{}" },
            ],
          },
        ],
        tools: [{ name: "f", parameters: {} }],
        toolChoice: { type: "tool", name: "f" },
        maxOutputTokens: 10,
        responseFormat: { type: "json-schema", name: "n", schema: {} },
        sampling: { stop: ["END"], topLogprobs: 0 },
        stream: true,
        includeUsage: true,
      }),
    ).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "a" },
        {
          role: "user",
          content: [
            { type: "text", text: "b" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
            { type: "input_audio", input_audio: { data: "AA==", format: "mp3" } },
            { type: "file", file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" } },
          ],
        },
        {
          role: "assistant",
          content: "c",
          tool_calls: [{ type: "function", id: "c1", function: { name: "f", arguments: "{}" } }],
        },
      ],
      tools: [{ type: "function", function: { name: "f", parameters: {} } }],
      tool_choice: { type: "function", function: { name: "f" } },
      max_completion_tokens: 10,
      response_format: { type: "json_schema", json_schema: { name: "n", schema: {} } },
      stop: ["END"],
      logprobs: true,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("writes a message of several tool results and text as several messages", () => {
    const { messages } = written({
      messages: [
        {
          role: "user",
          content: [
            { type: "tool-result", callId: "c1", content: [{ type: "text", text: "sunny" }] },
            { type: "tool-result", callId: "c2", content: [] },
            { type: "text", text: "and now?" },
          ],
        },
      ],
    });
    expect(messages).toEqual([
      { role: "tool", tool_call_id: "c1", content: "sunny" },
      { role: "tool", tool_call_id: "c2", content: "" },
      { role: "user", content: "and now?" },
    ]);
  });

  it("uses the older name of the limit where the vendor may not know the newer one", () => {
    const chat = { model: "m", messages: [], sampling: {}, stream: false, includeUsage: false };
    const limited = { ...chat, maxOutputTokens: 5 };
    expect(writeRequest(limited, { useOldForms: true })).toEqual({
      model: "m",
      messages: [],
      max_tokens: 5,
    });
    expect(writeRequest(limited)).toEqual({ model: "m", messages: [], max_completion_tokens: 5 });
    const newer = readRequest(request({ max_tokens: 5, max_completion_tokens: 6 }));
    expect(writeRequest(newer, { useOldForms: true })).toMatchObject({ max_completion_tokens: 6 });
  });

  it("writes several texts as one string where the vendor may not know arrays", () => {
    const text = (words: string) => ({ type: "text" as const, text: words });
    const image = { type: "image", source: { kind: "url", url: "https://a/b.png" } } as const;
    const messages = [
      { role: "system", content: [text("a"), text("b")] },
      { role: "user", content: [text("c"), image] },
    ] as const;
    const chat = { model: "m", messages, sampling: {}, stream: false, includeUsage: false };
    expect(writeRequest(chat, { useOldForms: true }).messages).toEqual([
      { role: "system", content: "a\n\nb" },
      { role: "user", content: [text("c"), { type: "image_url", image_url: { url: "https://a/b.png" } }] },
    ]);
    expect(writeRequest(chat).messages).toMatchObject([{ content: [text("a"), text("b")] }, {}]);
  });

  it("puts changed vocabulary over what was read", () => {
    const read = readRequest(
      request({ stop: "A", max_tokens: 5, stream: false, stream_options: { include_usage: false, x: 1 } }),
    );
    const changed = {
      ...read,
      model: "other",
      maxOutputTokens: 9,
      stream: true,
      includeUsage: true,
      sampling: { stop: ["A", "B"] },
    };
    expect(writeRequest(changed)).toEqual({
      model: "other",
      messages: [hello],
      stop: ["A", "B"],
      max_tokens: 9,
      stream: true,
      stream_options: { include_usage: true, x: 1 },
    });
  });

  it("writes content that was put in the place of an empty array", () => {
    const read = readRequest(conversation({ role: "user", content: [] }));
    const messages = read.messages.map((message) => ({
      ...message,
      content: [{ type: "text" as const, text: "new" }],
    }));
    expect(writeRequest({ ...read, messages }).messages).toEqual([{ role: "user", content: "new" }]);
  });

  it.each<[string, ChatRequest["messages"][number], string]>([
    [
      "a picture in a file store",
      { role: "user", content: [{ type: "image", source: { kind: "file-id", fileId: "f" } }] },
      "messages[0].content[0]",
    ],
    [
      "audio that is not in the request itself",
      { role: "user", content: [{ type: "audio", source: { kind: "url", url: "https://a" } }] },
      "messages[0].content[0]",
    ],
    [
      "a reasoning in this place",
      { role: "user", content: [{ type: "reasoning", text: "x" }] },
      "messages[0].content[0]",
    ],
  ])("refuses %s", (what, message, field) => {
    expect(failure(() => written({ messages: [message] }))).toMatchObject({
      code: "invalid_request",
      field,
      message: `${field}: the format of this provider has no words for ${what}`,
    });
  });

  it("refuses a tool's message without a result", () => {
    expect(failure(() => written({ messages: [{ role: "tool", content: [] }] }))).toMatchObject({
      field: "messages[0]",
    });
  });
});

/** Requests with members known and unknown, of right types, in any combination. */
function anyRequest(): fc.Arbitrary<JsonObject> {
  const extra = fc.dictionary(
    fc.constantFrom("x_a", "x_b", "__proto__", "constructor"),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const withExtra = (object: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
    fc.tuple(object, extra).map(([known, unknown]) => ({ ...unknown, ...known }));
  const optional = <T extends object>(members: { [Name in keyof T]: fc.Arbitrary<T[Name]> }) =>
    fc.record(members, { requiredKeys: [] });
  const text = fc.string({ maxLength: 8 });
  const object = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  const url = fc.constantFrom(
    "https://a/b.png",
    "data:image/png;base64,AA==",
    "data:,x",
    "data:image/png;base64,",
  );
  const part = fc.oneof(
    withExtra(fc.record({ type: fc.constant("text"), text })),
    withExtra(fc.record({ type: fc.constant("refusal"), refusal: text })),
    withExtra(
      fc.record({
        type: fc.constant("image_url"),
        image_url: withExtra(
          fc.record({ url, detail: fc.constantFrom("low", null) }, { requiredKeys: ["url"] }),
        ),
      }),
    ),
    withExtra(
      fc.record({
        type: fc.constant("input_audio"),
        input_audio: withExtra(fc.record({ data: text, format: text })),
      }),
    ),
    withExtra(
      fc.record({
        type: fc.constant("file"),
        file: fc.oneof(fc.record({ file_id: text }), fc.record({ file_data: text, filename: text })),
      }),
    ),
    withExtra(fc.record({ type: fc.constant("video"), video: object })),
  );
  const content = fc.oneof(text, fc.array(part, { maxLength: 3 }));
  const call = withExtra(
    fc.record({
      id: text,
      type: fc.constant("function"),
      function: withExtra(fc.record({ name: text, arguments: text })),
    }),
  );
  const customCall = fc.record({ id: text, type: fc.constant("custom"), custom: object });
  const message = fc.oneof(
    withExtra(
      fc.record(
        { role: fc.constantFrom("system", "developer", "user"), content, name: text },
        { requiredKeys: ["role", "content"] },
      ),
    ),
    withExtra(fc.record({ role: fc.constant("tool"), tool_call_id: text, content })),
    withExtra(
      fc
        .tuple(
          fc.constant({ role: "assistant" }),
          optional({
            content: fc.oneof(content, fc.constant(null)),
            refusal: fc.option(text),
            reasoning_content: fc.option(text),
            reasoning: fc.option(text),
            audio: fc.option(fc.record({ id: text })),
            tool_calls: fc.array(fc.oneof(call, customCall), { maxLength: 3 }),
            function_call: object,
          }),
        )
        .map(([role, members]) => ({ ...role, ...members })),
    ),
  );
  const settings = optional({
    temperature: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    max_tokens: fc.option(fc.integer({ min: 1, max: 100 })),
    max_completion_tokens: fc.option(fc.integer({ min: 1, max: 100 })),
    stop: fc.oneof(text, fc.array(text, { maxLength: 2 }), fc.constant(null)),
    stream: fc.option(fc.boolean()),
    stream_options: fc.option(withExtra(optional({ include_usage: fc.boolean() }))),
    logprobs: fc.option(fc.boolean()),
    top_logprobs: fc.option(fc.nat(5)),
    tools: fc.option(
      fc.array(
        withExtra(
          fc.record({
            type: fc.constant("function"),
            function: withExtra(
              optional({
                description: fc.option(text),
                parameters: fc.option(object),
                strict: fc.option(fc.boolean()),
              }),
            ).map((inner) => ({ ...inner, name: "f" })),
          }),
        ),
        { maxLength: 2 },
      ),
    ),
    tool_choice: fc.oneof(fc.constantFrom("auto", "none", "required", "any", null), object),
    response_format: fc.oneof(
      fc.constant(null),
      withExtra(fc.record({ type: fc.constantFrom("text", "json_object", "other") })),
      withExtra(
        fc.record({
          type: fc.constant("json_schema"),
          json_schema: withExtra(optional({ name: text, schema: object, strict: fc.option(fc.boolean()) })),
        }),
      ),
    ),
    user: fc.option(text),
    n: fc.option(fc.integer({ min: 1, max: 128 })),
    seed: fc.option(fc.integer()),
  });
  return withExtra(
    fc
      .tuple(fc.array(message, { minLength: 1, maxLength: 4 }), settings)
      .map(([messages, members]) => JSON.parse(JSON.stringify({ model: "m", messages, ...members }))),
  );
}
