import { type ChatRequest, type DialectName, type JsonObject, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { dialects } from "./dialects.ts";
import { translateRequest } from "./translate.ts";

/** A request of one dialect in the words of another. */
function translated(json: JsonObject, from: DialectName, to: DialectName): JsonObject {
  return translateRequest(dialects[from].readRequest(json), dialects[to], { from });
}

const toAnthropic = (json: JsonObject) => translated(json, "openai-chat", "anthropic-messages");
const toOpenai = (json: JsonObject) => translated(json, "anthropic-messages", "openai-chat");

function failure(run: () => unknown): ProxyError {
  try {
    run();
  } catch (error) {
    if (ProxyError.is(error)) return error;
  }
  throw new Error("expected a ProxyError");
}

const hello: JsonObject = { role: "user", content: "hello" };
const openai = (members: JsonObject): JsonObject => ({ model: "m", messages: [hello], ...members });
const anthropic = (members: JsonObject): JsonObject => ({
  model: "m",
  max_tokens: 10,
  messages: [hello],
  ...members,
});
const asked = (...content: JsonObject[]): JsonObject => ({ role: "user", content });
const weather = {
  name: "weather",
  description: "tells the weather",
  parameters: { type: "object", properties: {} },
};
const pngUrl = "data:image/png;base64,AA==";
const png = { type: "base64", media_type: "image/png", data: "AA==" };
const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };

describe("a request of an OpenAI client at Anthropic", () => {
  it("keeps all of a conversation with tools", () => {
    const call = (id: string, args: string) => ({
      id,
      type: "function",
      function: { name: "weather", arguments: args },
    });
    expect(
      toAnthropic(
        openai({
          messages: [
            { role: "system", content: "be kind" },
            { role: "developer", content: "be brief" },
            hello,
            {
              role: "assistant",
              content: "let me see",
              tool_calls: [call("c1", '{"city":"Bonn"}'), call("c2", "")],
            },
            { role: "tool", tool_call_id: "c1", content: "sunny" },
            { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "rain" }], name: "weather" },
            { role: "system", content: "from now on in verse" },
            hello,
            { role: "assistant", content: null, refusal: "no" },
            hello,
          ],
          tools: [{ type: "function", function: { ...weather, strict: true } }],
          tool_choice: "required",
          parallel_tool_calls: false,
          max_completion_tokens: 99,
          stop: "END",
          temperature: 0.5,
          top_p: 0.5,
          user: "u",
          reasoning_effort: "high",
          stream: true,
        }),
      ),
    ).toEqual({
      model: "m",
      max_tokens: 99,
      system: [
        { type: "text", text: "be kind" },
        { type: "text", text: "be brief" },
      ],
      messages: [
        hello,
        {
          role: "assistant",
          content: [
            { type: "text", text: "let me see" },
            { type: "tool_use", id: "c1", name: "weather", input: { city: "Bonn" } },
            { type: "tool_use", id: "c2", name: "weather", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: "sunny" },
            { type: "tool_result", tool_use_id: "c2", content: "rain" },
          ],
        },
        hello,
        { role: "system", content: "from now on in verse" },
        { role: "assistant", content: [{ type: "text", text: "no" }] },
        hello,
      ],
      tools: [
        {
          name: "weather",
          description: "tells the weather",
          input_schema: { type: "object", properties: {} },
          strict: true,
        },
      ],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      temperature: 0.5,
      top_p: 0.5,
      metadata: { user_id: "u" },
      output_config: { effort: "high" },
      stream: true,
    });
  });

  it("keeps instructions in their turn, where Anthropic takes them", () => {
    const system = (content: string) => ({ role: "system", content });
    const { messages } = toAnthropic(
      openai({
        messages: [
          hello,
          system("a"),
          {
            role: "assistant",
            tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: "" } }],
          },
          system("b"),
          { role: "tool", tool_call_id: "t", content: "x" },
          { role: "developer", content: "c" },
          { role: "tool", tool_call_id: "u", content: "y" },
        ],
      }),
    );
    expect(messages).toEqual([
      hello,
      system("a"),
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: {} }] },
      asked(
        { type: "tool_result", tool_use_id: "t", content: "x" },
        { type: "tool_result", tool_use_id: "u", content: "y" },
      ),
      {
        role: "system",
        content: [
          { type: "text", text: "b" },
          { type: "text", text: "c" },
        ],
      },
    ]);
  });

  it("keeps pictures and documents", () => {
    const { messages } = toAnthropic(
      openai({
        messages: [
          asked(
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: pngUrl, detail: "high" } },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "a.pdf" } },
            { type: "file", file: { file_data: "JVBERi0=" } },
            { type: "file", file: { file_data: "data:text/plain;base64,aGk=" } },
          ),
        ],
      }),
    );
    expect(messages).toEqual([
      asked(
        { type: "text", text: "look" },
        { type: "image", source: png },
        { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
        { type: "document", source: pdf, title: "a.pdf" },
        { type: "document", source: pdf },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "hi" } },
      ),
    ]);
  });

  it("may mark what is to be cached", () => {
    const marked = { type: "text", text: "long", cache_control: { type: "ephemeral" } };
    const json = openai({ messages: [{ role: "system", content: [marked] }, asked(marked)] });
    expect(toAnthropic(json)).toMatchObject({ system: [marked], messages: [asked(marked)] });
    expect(dialects["openai-chat"].writeRequest(dialects["openai-chat"].readRequest(json))).toEqual(json);
  });

  it("has its schema enforced", () => {
    const json_schema = { name: "n", schema: { type: "object" }, description: "d", strict: true };
    expect(
      toAnthropic(openai({ response_format: { type: "json_schema", json_schema } })).output_config,
    ).toEqual({
      format: { type: "json_schema", schema: { type: "object", description: "d" } },
    });
  });

  it("may call tools one at a time without choosing among them", () => {
    const tools = [{ type: "function", function: weather }];
    expect(toAnthropic(openai({ tools, parallel_tool_calls: false })).tool_choice).toEqual({
      type: "auto",
      disable_parallel_tool_use: true,
    });
  });

  it("leaves out empty texts and messages of which nothing is left", () => {
    const { messages } = toAnthropic(
      openai({
        messages: [
          hello,
          { role: "assistant", content: null, reasoning_content: "hm" },
          asked({ type: "text", text: "" }, { type: "text", text: "a" }),
        ],
      }),
    );
    expect(messages).toEqual([hello, asked({ type: "text", text: "a" })]);
  });

  it("leaves out names, lists and stops with nothing in them", () => {
    const messages = [{ ...hello, name: "" }];
    for (const stop of ["", []])
      expect(toAnthropic(openai({ messages, stop, tools: [], top_logprobs: 0, top_k: 0 }))).toEqual(
        anthropic({ max_tokens: 4_096 }),
      );
  });

  it("may call a jpeg a jpg, as Anthropic does not", () => {
    const image_url = { url: "data:image/jpg;base64,AA==" };
    expect(toAnthropic(openai({ messages: [asked({ type: "image_url", image_url })] })).messages).toEqual([
      asked({ type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AA==" } }),
    ]);
  });

  it.each(["constructor", "toString", "__proto__"])("names a member %s as it is", (name) => {
    const error = failure(() =>
      toAnthropic(JSON.parse(`{"model":"m","messages":[{"role":"user","content":"hi"}],"${name}":1}`)),
    );
    expect(error).toMatchObject({ field: name, message: expect.stringMatching(`^${name}: `) });
  });

  it("is not stopped by wishes that do not change the answer", () => {
    const members = {
      store: true,
      metadata: { a: "b" },
      service_tier: "flex",
      safety_identifier: "s",
      prompt_cache_key: "k",
      prompt_cache_retention: "24h",
      prediction: { type: "content", content: "x" },
      modalities: ["text"],
      verbosity: "medium",
      logprobs: false,
      n: 1,
      temperature: 1,
      top_p: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      enable_thinking: false,
      response_format: { type: "text" },
      stream_options: { include_usage: true, include_obfuscation: false },
    };
    const { max_tokens, ...others } = toAnthropic(openai(members));
    expect(max_tokens).toBe(4_096);
    expect(others).toEqual({ model: "m", messages: [hello] });
  });

  it.each<[string, JsonObject]>([
    ["n", { n: 2 }],
    ["logprobs", { logprobs: true, top_logprobs: 2 }],
    ["seed", { seed: 1 }],
    ["logit_bias", { logit_bias: { "1": 1 } }],
    ["presence_penalty", { presence_penalty: 0.5 }],
    ["frequency_penalty", { frequency_penalty: -0.5 }],
    ["temperature", { temperature: 1.5 }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["response_format", { response_format: { type: "grammar", grammar: "x" } }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["verbosity", { verbosity: "low" }],
    ["web_search_options", { web_search_options: { search_context_size: "low" } }],
    ["web_search_options", { web_search_options: {} }],
    ["top_k", { top_k: 4 }],
    ["functions", { functions: [{ name: "f" }] }],
    [
      "tools[1].type",
      {
        tools: [
          { type: "function", function: weather },
          { type: "custom", custom: { name: "x" } },
        ],
      },
    ],
    ["tool_choice", { tool_choice: { type: "allowed_tools", allowed_tools: {} } }],
    ["messages", { messages: [{ role: "system", content: "alone" }] }],
    [
      "messages[2]",
      { messages: [hello, { role: "assistant", content: "a" }, { role: "system", content: "b" }] },
    ],
    ["messages[0].name", { messages: [{ ...hello, name: "ann" }] }],
    [
      "messages[1].content[1]",
      {
        messages: [
          hello,
          asked(
            { type: "text", text: "a" },
            { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
          ),
        ],
      },
    ],
    ["messages[0].content[0]", { messages: [asked({ type: "video_url", video_url: { url: "https://a" } })] }],
    ["messages[0].content[0]", { messages: [asked({ type: "file", file: { file_id: "file-1" } })] }],
    ["messages[0].content[0]", { messages: [asked({ type: "file", file: { file_data: "AAAA" } })] }],
    [
      "messages[0].content[0]",
      { messages: [asked({ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } })] },
    ],
    [
      "messages[0].tool_calls[1].function.arguments",
      {
        messages: [
          {
            role: "assistant",
            content: "a",
            tool_calls: [
              { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
              { id: "b", type: "function", function: { name: "f", arguments: "{" } },
            ],
          },
        ],
      },
    ],
    [
      "messages[0].tool_calls[0]",
      { messages: [{ role: "assistant", tool_calls: [{ id: "a", type: "custom", custom: {} }] }] },
    ],
    ["messages[0].audio", { messages: [{ role: "assistant", content: "a", audio: { id: "x" } }] }],
    [
      "messages[0].function_call",
      { messages: [{ role: "assistant", function_call: { name: "f", arguments: "" } }] },
    ],
    ["messages[1].prefix", { messages: [hello, { role: "assistant", content: "x", prefix: true }] }],
    ["messages[0]", { messages: [{ role: "function", name: "f", content: "x" }] }],
    [
      "messages[0].content[1]",
      {
        messages: [
          { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "a" }, { type: "x" }] },
        ],
      },
    ],
  ])("names %s where it says what Anthropic cannot", (field, members) => {
    const error = failure(() => toAnthropic(openai(members)));
    expect(error).toMatchObject({ code: "invalid_request", field, reason: "untranslatable" });
    expect(error.message.startsWith(`${field}: `)).toBe(true);
  });
});

describe("a request of an Anthropic client at OpenAI", () => {
  it("keeps all of a conversation with tools", () => {
    expect(
      toOpenai(
        anthropic({
          system: [{ type: "text", text: "be kind", cache_control: { type: "ephemeral" } }],
          messages: [
            asked(
              { type: "text", text: "a", cache_control: { type: "ephemeral" } },
              { type: "image", source: png },
            ),
            {
              role: "assistant",
              content: [
                { type: "thinking", thinking: "hm", signature: "s" },
                { type: "redacted_thinking", data: "x" },
                { type: "text", text: "let me see" },
                { type: "tool_use", id: "t1", name: "weather", input: { city: "Bonn" } },
              ],
            },
            asked(
              { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "sunny" }] },
              { type: "text", text: "and now?" },
            ),
            { role: "system", content: "from now on in verse" },
          ],
          tools: [
            { name: "weather", description: "d", input_schema: { type: "object" }, cache_control: null },
          ],
          tool_choice: { type: "tool", name: "weather", disable_parallel_tool_use: true },
          stop_sequences: ["END"],
          temperature: 0.5,
          top_p: 0.5,
          metadata: { user_id: "u" },
          thinking: { type: "enabled", budget_tokens: 1024 },
          output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
          context_management: { edits: [{ type: "clear_thinking_20251015" }] },
          service_tier: "auto",
        }),
      ),
    ).toEqual({
      model: "m",
      max_completion_tokens: 10,
      messages: [
        { role: "system", content: "be kind" },
        asked({ type: "text", text: "a" }, { type: "image_url", image_url: { url: pngUrl } }),
        {
          role: "assistant",
          content: "let me see",
          tool_calls: [
            { id: "t1", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
          ],
        },
        { role: "tool", tool_call_id: "t1", content: "sunny" },
        { role: "user", content: "and now?" },
        { role: "system", content: "from now on in verse" },
      ],
      tools: [
        { type: "function", function: { name: "weather", description: "d", parameters: { type: "object" } } },
      ],
      tool_choice: { type: "function", function: { name: "weather" } },
      parallel_tool_calls: false,
      stop: ["END"],
      temperature: 0.5,
      top_p: 0.5,
      user: "u",
      reasoning_effort: "high",
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", schema: { type: "object" }, strict: true },
      },
    });
  });

  it("tells in words that a tool failed, and shows pictures of results behind them", () => {
    const { messages } = toOpenai(
      anthropic({
        messages: [
          asked(
            { type: "tool_result", tool_use_id: "t1", content: "no such city", is_error: true },
            { type: "tool_result", tool_use_id: "t2", content: "Error: busy", is_error: true },
            { type: "tool_result", tool_use_id: "t3", is_error: true },
            {
              type: "tool_result",
              tool_use_id: "t4",
              content: [
                { type: "text", text: "a map" },
                { type: "image", source: png },
              ],
            },
            { type: "tool_result", tool_use_id: "t5", content: [{ type: "image", source: png }] },
            { type: "text", text: "well?" },
          ),
        ],
      }),
    );
    const image = { type: "image_url", image_url: { url: pngUrl } };
    expect(messages).toEqual([
      { role: "tool", tool_call_id: "t1", content: "Error: no such city" },
      { role: "tool", tool_call_id: "t2", content: "Error: busy" },
      { role: "tool", tool_call_id: "t3", content: "Error" },
      { role: "tool", tool_call_id: "t4", content: "a map" },
      { role: "tool", tool_call_id: "t5", content: "" },
      asked(
        { type: "text", text: "From the result of tool call t4:" },
        image,
        { type: "text", text: "From the result of tool call t5:" },
        image,
      ),
      { role: "user", content: "well?" },
    ]);
  });

  it("keeps documents, text as text", () => {
    const { messages } = toOpenai(
      anthropic({
        messages: [
          asked(
            { type: "document", source: pdf, title: "a.pdf", citations: { enabled: false } },
            {
              type: "document",
              source: { type: "text", media_type: "text/plain", data: "grüße" },
              title: "b",
            },
          ),
        ],
      }),
    );
    expect(messages).toEqual([
      asked(
        { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "a.pdf" } },
        { type: "text", text: "b\n\ngrüße" },
      ),
    ]);
  });

  it("has no empty lists, which OpenAI refuses", () => {
    const written = toOpenai(anthropic({ tools: [], stop_sequences: [] }));
    expect(written).toEqual(openai({ max_completion_tokens: 10 }));
  });

  it("has a name for a pdf without a title, which OpenAI wants", () => {
    expect(toOpenai(anthropic({ messages: [asked({ type: "document", source: pdf })] })).messages).toEqual([
      asked({
        type: "file",
        file: { file_data: "data:application/pdf;base64,JVBERi0=", filename: "document.pdf" },
      }),
    ]);
  });

  it.each(["constructor", "toString", "__proto__"])("names a member %s as it is", (name) => {
    const error = failure(() =>
      toOpenai(
        JSON.parse(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"${name}":1}`),
      ),
    );
    expect(error).toMatchObject({ field: name, message: expect.stringMatching(`^${name}: `) });
  });

  it("is never without content", () => {
    const { messages } = toOpenai(
      anthropic({
        messages: [
          { role: "user", content: "" },
          { role: "assistant", content: [{ type: "thinking", thinking: "hm", signature: "s" }] },
          { role: "assistant", content: [] },
        ],
      }),
    );
    expect(messages).toEqual([
      { role: "user", content: "" },
      { role: "assistant", content: "" },
      { role: "assistant", content: "" },
    ]);
  });

  it("names an end user whose name is too long by its digest", () => {
    const { user } = toOpenai(anthropic({ metadata: { user_id: "u".repeat(65) } }));
    expect(user).toMatch(/^[0-9a-f]{64}$/);
    expect(toOpenai(anthropic({ metadata: { user_id: "u".repeat(64) } })).user).toBe("u".repeat(64));
  });

  it.each<[string, JsonObject]>([
    ["top_k", { top_k: 4 }],
    ["max_tokens", { max_tokens: 0 }],
    ["container", { container: "c" }],
    ["mcp_servers", { mcp_servers: [{ type: "url", url: "https://a", name: "a" }] }],
    ["inference_geo", { inference_geo: "us" }],
    ["output_config", { output_config: { task_budget: 1 } }],
    ["tools[0].type", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["tools[0].defer_loading", { tools: [{ name: "f", input_schema: {}, defer_loading: true }] }],
    ["tool_choice", { tool_choice: { type: "some" } }],
    ["system[1]", { system: [{ type: "text", text: "a" }, { type: "later" }] }],
    [
      "messages[1].content[1]",
      { system: "a", messages: [hello, asked({ type: "text", text: "a" }, { type: "search_result" })] },
    ],
    [
      "messages[0].content[0]",
      {
        messages: [
          {
            role: "assistant",
            content: [{ type: "server_tool_use", id: "a", name: "web_search", input: {} }],
          },
        ],
      },
    ],
    [
      "messages[0].content[0].citations",
      { messages: [asked({ type: "document", source: pdf, citations: { enabled: true } })] },
    ],
    [
      "messages[0].content[0].context",
      { messages: [asked({ type: "document", source: pdf, context: "x" })] },
    ],
    [
      "messages[0].content[0]",
      { messages: [asked({ type: "document", source: { type: "url", url: "https://a" } })] },
    ],
    [
      "messages[0].content[0]",
      { messages: [asked({ type: "image", source: { type: "file", file_id: "f" } })] },
    ],
    [
      "messages[0].content[0]",
      { messages: [asked({ type: "document", source: { type: "file", file_id: "f" } })] },
    ],
    [
      "messages[0].content[1].content[0]",
      {
        messages: [
          asked(
            { type: "tool_result", tool_use_id: "a" },
            { type: "tool_result", tool_use_id: "b", content: [{ type: "tool_reference", tool_name: "f" }] },
          ),
        ],
      },
    ],
  ])("names %s where it says what OpenAI cannot", (field, members) => {
    const error = failure(() => toOpenai(anthropic(members)));
    expect(error).toMatchObject({ code: "invalid_request", field, reason: "untranslatable" });
    expect(error.message.startsWith(`${field}: `)).toBe(true);
  });
});

describe("translateRequest", () => {
  it("names the shared vocabulary's paths to code in this process", () => {
    const chat: ChatRequest = {
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "a" }] }],
      sampling: { seed: 1 },
      stream: false,
      includeUsage: false,
    };
    const to = dialects["anthropic-messages"];
    expect(failure(() => translateRequest(chat, to))).toMatchObject({
      field: "sampling.seed",
      reason: "untranslatable",
    });
    const extra = { "openai-chat": { logit_bias: { "1": 1 } } };
    expect(failure(() => translateRequest({ ...chat, sampling: {}, extra }, to)).field).toBe(
      "extra.openai-chat.logit_bias",
    );
  });

  it("does not look at what the dialect itself has kept", () => {
    const chat = dialects["anthropic-messages"].readRequest(anthropic({ top_k: 3 }));
    expect(translateRequest(chat, dialects["anthropic-messages"]).top_k).toBe(3);
  });
});
