import {
  type FramesReply,
  type LlmRequest,
  type Provider,
  type ProviderCall,
  type Reply,
  Secret,
} from "@llmproxy/spec";
import {
  answerByPath,
  anthropicMessages as anthropicAnswer,
  anthropicError,
  anthropicModels,
  anthropicTokenCount,
  createFakeUpstream,
  type FakeUpstream,
  jsonAnswer,
  until,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCountTokensRequest } from "../dialects/anthropic-messages/request.ts";
import { dialects } from "../dialects/dialects.ts";
import { readJsonBody } from "../json/read.ts";
import { type AnthropicProviderOptions, createAnthropicProvider } from "./anthropic.ts";

const key = "sk-ant-upstream";
let upstream: FakeUpstream;
const providers: Provider[] = [];

beforeEach(async () => {
  upstream = await createFakeUpstream();
  answer({});
});

afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
  await upstream.close();
});

type Scripts = Parameters<typeof answerByPath>[0];

/** Answers as Anthropic does, but for what the test says. */
function answer(scripts: Scripts): void {
  upstream.respond(
    answerByPath({
      "/messages/count_tokens": anthropicTokenCount(42),
      "/messages": anthropicAnswer({ text: "Hello" }),
      "/models": anthropicModels([]),
      ...scripts,
    }),
  );
}

function providerOf(options: Partial<AnthropicProviderOptions> = {}): Provider {
  const provider = createAnthropicProvider({
    name: "anthropic",
    baseUrl: `${upstream.url}/v1`,
    allowPrivate: true,
    apiKey: new Secret(key),
    ...options,
  });
  providers.push(provider);
  return provider;
}

const counted = '{"model":"fast", "messages":[{"role":"user","content":"Hi"}]}';
const unary = counted.replace("{", '{"max_tokens":9,');

/** A request of an Anthropic client as an edge reads it. */
function requestOf(text: string, more: Partial<LlmRequest> = {}): LlmRequest {
  const { json, body } = readJsonBody(Buffer.from(text), { dialect: "anthropic-messages" });
  const chat = readCountTokensRequest(json);
  return { operation: "chat", model: chat.model, stream: chat.stream, chat, body, ...more };
}

/** A request of an OpenAI client as an edge reads it. */
function openaiRequestOf(text: string): LlmRequest {
  const { json, body } = readJsonBody(Buffer.from(text), { dialect: "openai-chat" });
  const chat = dialects["openai-chat"].readRequest(json);
  return { operation: "chat", model: chat.model, stream: chat.stream, chat, body };
}

const callOf = (request: LlmRequest): ProviderCall => ({
  id: "call-1",
  model: "claude-a",
  request,
  signal: new AbortController().signal,
  onPhase() {},
});

async function textOf(reply: Reply): Promise<string> {
  let text = "";
  for await (const frames of (reply as FramesReply).frames) text += Buffer.from(frames).toString();
  return text;
}

/** The request that was sent to this path. */
async function sentTo(path: string) {
  const find = () => upstream.requests.find((request) => request.path === path);
  await until(() => find() !== undefined);
  const request = find();
  if (!request) throw new Error("no request came");
  return request;
}

describe("createAnthropicProvider", () => {
  it("sends a client's own bytes with another model", async () => {
    const reply = await providerOf().call(callOf(requestOf(unary)));
    expect(reply).toMatchObject({ form: "frames", dialect: "anthropic-messages", status: 200 });
    expect(JSON.parse(await textOf(reply))).toMatchObject({
      content: [{ text: "Hello" }],
      model: "claude-a",
    });
    const { body, headers } = await sentTo("/v1/messages");
    expect(body.toString()).toBe(unary.replace("fast", "claude-a"));
    expect(headers).toMatchObject({ "x-api-key": key, "anthropic-version": "2023-06-01" });
    expect(headers.authorization).toBeUndefined();
  });

  it("streams", async () => {
    const text = unary.replace("{", '{"stream":true,');
    const frames = await textOf(await providerOf().call(callOf(requestOf(text))));
    expect(frames).toMatch(/^event: message_start\n/);
    expect(frames).toMatch(/event: message_stop\ndata: .*\n\n$/);
  });

  it("translates the request of an OpenAI client, with the model's own limit", async () => {
    answer({ "/models": anthropicModels([{ id: "claude-a", maxTokens: 64_000 }]) });
    const provider = providerOf();
    await until(() => provider.models().length > 0);
    await textOf(await provider.call(callOf(openaiRequestOf(counted))));
    expect((await sentTo("/v1/messages")).json()).toEqual({
      model: "claude-a",
      max_tokens: 64_000,
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  it("names what it cannot say as the client wrote it, and asks nobody", async () => {
    const call = callOf(openaiRequestOf(counted.replace("{", '{"n":2,')));
    await expect(providerOf().call(call)).rejects.toMatchObject({ code: "invalid_request", field: "n" });
    expect(upstream.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });

  it("passes on the headers of the dialect, under those configured and never credentials", async () => {
    const dialectHeaders = {
      "anthropic-beta": "files-api-2025-04-14",
      "anthropic-version": "2024-01-01",
      "x-api-key": "the client's",
      authorization: "Bearer the client's",
      cookie: "a=b",
    };
    const provider = providerOf({ headers: { "anthropic-version": "2023-01-01" } });
    await textOf(await provider.call(callOf(requestOf(unary, { dialectHeaders }))));
    const { headers } = await sentTo("/v1/messages");
    expect(headers).toMatchObject({
      "anthropic-beta": "files-api-2025-04-14",
      "anthropic-version": "2023-01-01",
      "x-api-key": key,
    });
    expect(headers.authorization).toBeUndefined();
    expect(headers.cookie).toBeUndefined();
  });

  it("keeps headers of another dialect to itself", async () => {
    const request = { ...openaiRequestOf(counted), dialectHeaders: { "anthropic-beta": "x" } };
    await textOf(await providerOf().call(callOf(request)));
    expect((await sentTo("/v1/messages")).headers["anthropic-beta"]).toBeUndefined();
  });

  it("refuses a dialect header that is none", async () => {
    const dialectHeaders = { "anthropic-beta": "a\r\nb: c" };
    await expect(providerOf().call(callOf(requestOf(unary, { dialectHeaders })))).rejects.toMatchObject({
      code: "invalid_request",
      field: "anthropic-beta",
    });
  });

  it("refuses a key in the headers beside a key", () => {
    expect(() => providerOf({ headers: { "X-Api-Key": "other" } })).toThrow(
      "headers.x-api-key and api_key exclude each other",
    );
  });

  it("reads the vendor's failures", async () => {
    answer({ "/messages": anthropicError({ message: "busy", type: "overloaded_error" }, { status: 529 }) });
    await expect(providerOf().call(callOf(requestOf(unary)))).rejects.toMatchObject({
      code: "upstream_failed",
      message: "busy",
      vendor: { status: 529, type: "overloaded_error" },
    });
  });

  it("reads its catalogue page by page", async () => {
    const ids = Array.from({ length: 2_001 }, (_, index) => `claude-${index}`);
    answer({ "/models": anthropicModels(ids) });
    const provider = providerOf();
    await until(() => provider.models().length > 0);
    expect(provider.models().map(({ id }) => id)).toEqual(ids);
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      "/v1/models?limit=1000",
      "/v1/models?limit=1000&after_id=claude-999",
      "/v1/models?limit=1000&after_id=claude-1999",
    ]);
  });

  it("does not follow a catalogue that never ends", async () => {
    const page = { data: [{ id: "claude-a" }], has_more: true, last_id: "claude-a" };
    answer({ "/models": jsonAnswer(page) });
    const provider = providerOf();
    await until(() => provider.models().length > 0);
    expect(upstream.requests).toHaveLength(100);
    expect(provider.models()).toHaveLength(1);
  });
});

describe("countTokens", () => {
  const count = (request: LlmRequest, provider = providerOf()) => provider.countTokens?.(callOf(request));

  it("sends a client's own bytes with another model", async () => {
    expect(await count(requestOf(counted, { operation: "count-tokens" }))).toBe(42);
    const { body, headers } = await sentTo("/v1/messages/count_tokens");
    expect(body.toString()).toBe(counted.replace("fast", "claude-a"));
    expect(headers).toMatchObject({ "x-api-key": key, accept: "application/json" });
  });

  it("leaves out of a request for an answer what is not counted", async () => {
    expect(await count(requestOf(unary.replace("{", '{"stream":true,"top_k":3,')))).toBe(42);
    expect((await sentTo("/v1/messages/count_tokens")).json()).toEqual({
      model: "claude-a",
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  it("translates", async () => {
    expect(await count(openaiRequestOf(counted.replace("{", '{"user":"u",')))).toBe(42);
    expect((await sentTo("/v1/messages/count_tokens")).json()).toEqual({
      model: "claude-a",
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  it("tells what is no count, and the vendor's failures", async () => {
    answer({ "/messages/count_tokens": jsonAnswer({ input_tokens: "many" }) });
    await expect(count(requestOf(counted))).rejects.toMatchObject({ code: "upstream_failed" });
    answer({ "/messages/count_tokens": anthropicError({ message: "no" }, { status: 400 }) });
    await expect(count(requestOf(counted))).rejects.toMatchObject({ message: "no", vendor: { status: 400 } });
  });
});
