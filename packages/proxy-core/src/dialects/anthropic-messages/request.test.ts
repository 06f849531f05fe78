import type { ChatRequest, JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { readCountTokensRequest, readRequest, writeCountTokensRequest, writeRequest } from "./request.ts";

const hello: JsonObject = { role: "user", content: "hello" };
const minimal: JsonObject = { model: "claude", max_tokens: 10, messages: [hello] };

/** A request with these members. */
const request = (members: JsonObject): JsonObject => ({ ...minimal, ...members });
/** A request with these messages. */
const conversation = (...messages: JsonObject[]): JsonObject => ({ ...minimal, messages });
/** A request with a user's message of these blocks. */
const user = (...content: JsonObject[]): JsonObject => conversation(hello, { role: "user", content });

function failure(run: () => unknown): { code: string; field: string; message: string } {
  try {
    run();
  } catch (error) {
    return error as { code: string; field: string; message: string };
  }
  throw new Error("expected a failure");
}

const cached = { cache_control: { type: "ephemeral", ttl: "1h" } };
const weather = {
  name: "weather",
  description: "tells the weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const complete: Record<string, JsonObject> = {
  "the least there can be": minimal,
  "every documented member": request({
    cache_control: { type: "ephemeral" },
    container: { id: "c", skills: [{ type: "anthropic", skill_id: "pptx", version: "latest" }] },
    context_management: { edits: [{ type: "clear_thinking_20251015" }] },
    diagnostics: { previous_message_id: "m" },
    inference_geo: "us",
    mcp_servers: [{ type: "url", url: "https://example.com", name: "echo" }],
    metadata: { user_id: "u", note: 1 },
    output_config: {
      effort: "high",
      format: { type: "json_schema", schema: { type: "object" } },
      task_budget: 1,
    },
    service_tier: "standard_only",
    speed: "fast",
    stop_sequences: ["a", "b"],
    stream: true,
    system: [{ type: "text", text: "be kind", ...cached }],
    temperature: 0.5,
    thinking: { type: "enabled", budget_tokens: 1024 },
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    tools: [
      { ...weather, strict: true, ...cached, defer_loading: true },
      { type: "custom", name: "f", input_schema: {} },
      { type: "web_search_20250305", name: "web_search", max_uses: 3 },
      { type: "computer_toolset_20260801" },
    ],
    top_k: 5,
    top_p: 0.9,
  }),
  nulls: request({
    system: null,
    cache_control: null,
    metadata: { user_id: null },
    output_config: { effort: null, format: null },
    temperature: null,
    stream: null,
    tools: null,
    tool_choice: null,
    stop_sequences: null,
  }),
  "what says nothing": request({
    system: [],
    metadata: {},
    output_config: {},
    stream: false,
    tools: [],
    stop_sequences: [],
  }),
  "an empty system prompt": request({ system: "" }),
  "a system prompt that is a text": request({ system: "be kind" }),
  "the older form of a schema": request({
    output_format: { type: "json_schema", schema: { type: "object" }, note: 1 },
  }),
  "a format of a later version": request({ output_config: { format: { type: "grammar", grammar: "x" } } }),
  "sampling by default": request({ temperature: 1, top_p: 1 }),
  "no tokens at all": request({ max_tokens: 0 }),
  "choice of a tool": request({ tools: [weather], tool_choice: { type: "tool", name: "weather" } }),
  "choice auto": request({
    tools: [weather],
    tool_choice: { type: "auto", disable_parallel_tool_use: false, note: 1 },
  }),
  "choice none": request({ tools: [weather], tool_choice: { type: "none" } }),
  "a choice of a later version": request({ tools: [weather], tool_choice: { type: "some", names: ["a"] } }),
  "system messages in the conversation": {
    ...conversation({ role: "system", content: "first" }, hello, {
      role: "system",
      content: [{ type: "text", text: "from now on", ...cached }],
    }),
    system: "be kind",
  },
  "turns of one role in a row": conversation(
    hello,
    hello,
    { role: "assistant", content: "a" },
    { role: "assistant", content: "b" },
  ),
  "empty contents": conversation(
    { role: "user", content: "" },
    { role: "user", content: [] },
    { role: "assistant", content: "" },
    { role: "assistant", content: [] },
    { role: "user", content: [{ type: "text", text: "" }] },
  ),
  "every block of a user": user(
    { type: "text", text: "look", ...cached, citations: null },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" }, ...cached },
    { type: "image", source: { type: "url", url: "https://example.com/a.png", note: 1 } },
    { type: "image", source: { type: "file", file_id: "file_1" }, transformations: null },
    { type: "image", source: { type: "later", x: 1 } },
    {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
      title: "a.pdf",
      context: "from the archive",
      citations: { enabled: true },
      ...cached,
    },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "grüße" }, title: null },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "half \ud800" } },
    { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } },
    { type: "document", source: { type: "file", file_id: "file_2" } },
    { type: "document", source: { type: "content", content: [{ type: "text", text: "x" }] } },
    {
      type: "search_result",
      source: "https://example.com",
      title: "t",
      content: [{ type: "text", text: "x" }],
    },
    { type: "container_upload", file_id: "file_3" },
  ),
  "tools at work": conversation(
    hello,
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "proof" },
        { type: "redacted_thinking", data: "abc" },
        { type: "thinking", thinking: "unsigned" },
        { type: "text", text: "let me see", citations: [{ type: "char_location", cited_text: "x" }] },
        { type: "tool_use", id: "t1", name: "weather", input: { city: "Bonn", n: [1, null] }, ...cached },
        { type: "tool_use", id: "t2", name: "weather", input: {}, caller: { type: "direct" } },
        { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "x" } },
        { type: "web_search_tool_result", tool_use_id: "s1", content: [] },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "t1", content: "sunny", is_error: false },
        {
          type: "tool_result",
          tool_use_id: "t2",
          content: [
            { type: "text", text: "rain" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
            { type: "tool_reference", tool_name: "f" },
          ],
          is_error: true,
          ...cached,
        },
        { type: "tool_result", tool_use_id: "t3" },
        { type: "tool_result", tool_use_id: "t4", content: [] },
        { type: "tool_result", tool_use_id: "t5", content: "" },
        { type: "text", text: "and now?" },
      ],
    },
  ),
  "names that mean something to JavaScript": JSON.parse(
    '{"model":"claude","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"b","input":{"__proto__":{"x":1}}}],"__proto__":{"a":1}}],"__proto__":{"b":2},"constructor":null}',
  ),
};

describe("readRequest and writeRequest", () => {
  it.each(Object.entries(complete))("write back %s", (_, json) => {
    const before = structuredClone(json);
    expect(JSON.parse(JSON.stringify(writeRequest(readRequest(json))))).toEqual(
      JSON.parse(JSON.stringify(before)),
    );
    expect(json).toEqual(before);
  });

  it("read what was written as the same request", () => {
    for (const json of Object.values(complete)) {
      const read = readRequest(json);
      expect(readRequest(writeRequest(read))).toEqual(read);
    }
  });
});

describe("readRequest", () => {
  it("reads settings into the shared vocabulary", () => {
    expect(readRequest(complete["every documented member"] ?? {})).toMatchObject({
      model: "claude",
      maxOutputTokens: 10,
      stream: true,
      includeUsage: true,
      user: "u",
      reasoningEffort: "high",
      responseFormat: { type: "json-schema", name: "answer", schema: { type: "object" }, strict: true },
      toolChoice: { type: "required" },
      parallelToolCalls: false,
      sampling: { temperature: 0.5, topP: 0.9, stop: ["a", "b"] },
      tools: [
        { name: "weather", parameters: weather.input_schema, strict: true },
        { name: "f" },
        { name: "web_search" },
        { name: "computer_toolset_20260801" },
      ],
    } satisfies Partial<ChatRequest>);
  });

  it("reads messages into the shared vocabulary", () => {
    const { messages } = readRequest(complete["tools at work"] ?? {});
    expect(messages.map(({ content }) => content.map(({ type }) => type))).toEqual([
      ["text"],
      ["reasoning", "reasoning", "reasoning", "text", "tool-call", "tool-call", "opaque", "opaque"],
      ["tool-result", "tool-result", "tool-result", "tool-result", "tool-result", "text"],
    ]);
    expect(messages[1]?.content[0]).toMatchObject({ text: "hm", signature: "proof" });
    expect(messages[1]?.content[4]).toMatchObject({ id: "t1", arguments: '{"city":"Bonn","n":[1,null]}' });
    expect(messages[2]?.content[1]).toMatchObject({ callId: "t2", isError: true });
  });

  it("reads pictures and documents into sources", () => {
    const message = readRequest(complete["every block of a user"] ?? {}).messages[1];
    expect(message?.content.map((content) => ("source" in content ? content.source : content.type))).toEqual([
      "text",
      { kind: "base64", mediaType: "image/png", data: "AA==" },
      { kind: "url", url: "https://example.com/a.png" },
      { kind: "file-id", fileId: "file_1" },
      "opaque",
      { kind: "base64", mediaType: "application/pdf", data: "JVBERi0=" },
      { kind: "base64", mediaType: "text/plain", data: "Z3LDvMOfZQ==" },
      "opaque",
      { kind: "url", url: "https://example.com/a.pdf" },
      { kind: "file-id", fileId: "file_2" },
      "opaque",
      "opaque",
      "opaque",
    ]);
    expect(message?.content[5]).toMatchObject({ filename: "a.pdf" });
  });

  it("tells the system prompt from system messages", () => {
    const { messages } = readRequest(complete["system messages in the conversation"] ?? {});
    expect(messages.map(({ role }) => role)).toEqual(["system", "system", "user", "system"]);
  });

  it.each<[JsonObject, string, string]>([
    [{ max_tokens: 1, messages: [hello] }, "model", "a non-empty string"],
    [{ model: "m".repeat(257), max_tokens: 1, messages: [hello] }, "model", "at most 256 characters"],
    [{ model: "m", messages: [hello] }, "max_tokens", "an integer from 0 to 10000000"],
    [request({ max_tokens: null }), "max_tokens", "an integer from 0 to 10000000"],
    [request({ max_tokens: -1 }), "max_tokens", "an integer from 0 to 10000000"],
    [request({ max_tokens: "1" }), "max_tokens", "an integer from 0 to 10000000"],
    [{ model: "m", max_tokens: 1 }, "messages", "a non-empty array"],
    [request({ messages: [] }), "messages", "a non-empty array"],
    [
      request({ messages: Array.from({ length: 10_001 }, () => hello) }),
      "messages",
      "at most 10000 messages",
    ],
    [request({ messages: ["x"] }), "messages[0]", "an object"],
    [
      conversation(hello, { role: "tool", content: "x" }),
      "messages[1].role",
      'one of "user", "assistant", "system"',
    ],
    [conversation({ role: "user" }), "messages[0].content", "a string or an array of content blocks"],
    [request({ system: 1 }), "system", "a string or an array of text blocks"],
    [request({ system: [{ type: "text" }] }), "system[0].text", "a string"],
    [user({ text: "x" }), "messages[1].content[0].type", "a string"],
    [user({ type: "image" }), "messages[1].content[0].source", "an object"],
    [
      user({ type: "document", source: { type: "url", url: "https://a" }, title: 1 }),
      "messages[1].content[0].title",
      "a string",
    ],
    [user({ type: "tool_use", name: "f", input: {} }), "messages[1].content[0].id", "a string"],
    [user({ type: "tool_use", id: "a", name: "f", input: "x" }), "messages[1].content[0].input", "an object"],
    [user({ type: "tool_result" }), "messages[1].content[0].tool_use_id", "a string"],
    [
      user({ type: "tool_result", tool_use_id: "a", content: 1 }),
      "messages[1].content[0].content",
      "a string or an array of content blocks",
    ],
    [
      user({ type: "tool_result", tool_use_id: "a", content: [{ type: "text" }] }),
      "messages[1].content[0].content[0].text",
      "a string",
    ],
    [
      user({ type: "tool_result", tool_use_id: "a", is_error: 1 }),
      "messages[1].content[0].is_error",
      "true or false",
    ],
    [user({ type: "thinking" }), "messages[1].content[0].thinking", "a string"],
    [request({ tools: {} }), "tools", "an array"],
    [request({ tools: [{ input_schema: {} }] }), "tools[0].name", "a non-empty string"],
    [request({ tools: [{ name: "f" }] }), "tools[0].input_schema", "an object"],
    [request({ tool_choice: "auto" }), "tool_choice", "an object"],
    [request({ tool_choice: { type: "tool" } }), "tool_choice.name", "a non-empty string"],
    [
      request({ tool_choice: { type: "any", disable_parallel_tool_use: 1 } }),
      "tool_choice.disable_parallel_tool_use",
      "true or false",
    ],
    [request({ metadata: { user_id: 1 } }), "metadata.user_id", "a string"],
    [request({ output_config: { effort: 1 } }), "output_config.effort", "a string"],
    [
      request({ output_config: { format: {} }, output_format: {} }),
      "output_format",
      "output_config.format alone",
    ],
    [request({ stop_sequences: ["a", 1] }), "stop_sequences", "an array of strings"],
    [request({ temperature: "hot" }), "temperature", "a number"],
    [request({ stream: 1 }), "stream", "true or false"],
  ])("refuses %j", (json, field, what) => {
    expect(failure(() => readRequest(json))).toMatchObject({
      code: "invalid_request",
      field,
      message: `${field}: expected ${what}`,
    });
  });
});

describe("writeRequest", () => {
  const written = (chat: Partial<ChatRequest>, options?: Parameters<typeof writeRequest>[1]): JsonObject =>
    writeRequest(
      { model: "m", messages: [], sampling: {}, stream: false, includeUsage: false, ...chat },
      options,
    );

  it("asks for as many tokens as the model writes where the client gives no limit", () => {
    expect(written({}).max_tokens).toBe(4_096);
    expect(written({}, { modelMaxOutputTokens: 64_000 }).max_tokens).toBe(64_000);
    expect(written({ maxOutputTokens: 7 }, { modelMaxOutputTokens: 64_000 }).max_tokens).toBe(7);
  });

  it("takes thoughts back only where their signature may be its own", () => {
    const content = [
      { type: "reasoning", text: "unsigned" },
      { type: "reasoning", text: "signed here", signature: "s" },
      { type: "reasoning", text: "signed elsewhere", signature: "s", extra: { "openai-chat": {} } },
      { type: "text", text: "said" },
    ] as const;
    expect(written({ messages: [{ role: "assistant", content }] }).messages).toEqual([
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "signed here", signature: "s" },
          { type: "text", text: "said" },
        ],
      },
    ]);
  });

  it("writes ids the vendor does not accept in other letters, the same in call and result", () => {
    const { messages } = written({
      messages: [
        { role: "assistant", content: [{ type: "tool-call", id: "f.weather:0", name: "f", arguments: "" }] },
        { role: "tool", content: [{ type: "tool-result", callId: "f.weather:0", content: [] }] },
      ],
    });
    expect(messages).toEqual([
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "id_Zi53ZWF0aGVyOjA", name: "f", input: {} }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "id_Zi53ZWF0aGVyOjA" }] },
    ]);
  });

  it("gives a tool without parameters the schema of an object", () => {
    expect(written({ tools: [{ name: "f" }, { name: "g", parameters: {} }] }).tools).toEqual([
      { name: "f", input_schema: { type: "object", properties: {} } },
      { name: "g", input_schema: { type: "object", properties: {} } },
    ]);
  });

  it.each<[Partial<ChatRequest>, JsonObject]>([
    [{ reasoningEffort: "high" }, { output_config: { effort: "high" } }],
    [{ reasoningEffort: "minimal" }, { output_config: { effort: "low" } }],
    [{ reasoningEffort: "none" }, { thinking: { type: "disabled" } }],
  ])("writes %j as %j", (chat, members) => {
    expect(written(chat)).toEqual({ model: "m", max_tokens: 4_096, messages: [], ...members });
  });
});

describe("readCountTokensRequest and writeCountTokensRequest", () => {
  it("need no limit of tokens", () => {
    const json = { model: "m", messages: [hello], system: "be kind" };
    const read = readCountTokensRequest(json);
    expect(read.maxOutputTokens).toBeUndefined();
    expect(writeCountTokensRequest(read)).toEqual(json);
  });

  it("leave out what the vendor does not count", () => {
    const chat = readRequest(complete["every documented member"] ?? {});
    expect(Object.keys(writeCountTokensRequest(chat)).sort()).toEqual([
      "cache_control",
      "context_management",
      "mcp_servers",
      "messages",
      "model",
      "output_config",
      "speed",
      "system",
      "thinking",
      "tool_choice",
      "tools",
    ]);
  });
});
