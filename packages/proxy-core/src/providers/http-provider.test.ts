import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import {
  type FramesReply,
  type LlmRequest,
  type Provider,
  type ProviderCall,
  ProxyError,
  type Reply,
  type ReplyEnd,
  Secret,
} from "@llmproxy/spec";
import {
  answerByPath,
  createFakeClock,
  createFakeUpstream,
  createMemoryLogger,
  type FakeUpstream,
  loadRecording,
  openaiChat as openaiAnswer,
  openaiError,
  openaiEventStream,
  openaiModels,
  until,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { readJsonBody } from "../json/read.ts";
import type { HttpProviderOptions } from "./http-provider.ts";
import { createOpenAiProvider } from "./openai.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible.ts";

let upstream: FakeUpstream;
let providers: Provider[];

beforeEach(async () => {
  upstream = await createFakeUpstream();
  providers = [];
});

afterEach(async () => {
  await Promise.all(providers.map((provider) => provider.close()));
  await upstream.close();
});

const key = "sk-upstream-secret-key-1234";

function providerOf(options: Partial<HttpProviderOptions> = {}): Provider {
  const provider = createOpenAiCompatibleProvider({
    name: "fake",
    baseUrl: `${upstream.url}/v1`,
    apiKey: new Secret(key),
    allowPrivate: true,
    ...options,
  });
  providers.push(provider);
  return provider;
}

/** Answers chat requests with `script` and says it has no models. */
function answerChat(script: Parameters<typeof answerByPath>[0][string]): void {
  upstream.respond(answerByPath({ "/chat/completions": script, "/models": openaiModels([]) }));
}

/** The chat requests that came, without those for the catalogue. */
const chatRequests = () => upstream.requests.filter(({ path }) => path === "/v1/chat/completions");

async function chatRequest() {
  await until(() => chatRequests().length > 0);
  const [request] = chatRequests();
  if (!request) throw new Error("no chat request came");
  return request;
}

/** A request as an edge reads it. */
function requestOf(text: string): LlmRequest {
  const { json, body } = readJsonBody(Buffer.from(text), { dialect: "openai-chat" });
  const chat = openaiChat.readRequest(json);
  return { operation: "chat", model: chat.model, stream: chat.stream, chat, body };
}

const streamed = '{"model":"fast","messages":[{"role":"user","content":"Hi"}],"stream":true}';
const unary = '{"model":"fast","messages":[{"role":"user","content":"Hi"}]}';

function callOf(text: string, more: Partial<ProviderCall> = {}): ProviderCall {
  return {
    id: "call-1",
    model: "gpt-4o-mini",
    request: requestOf(text),
    signal: new AbortController().signal,
    onPhase() {},
    ...more,
  };
}

function framesOf(reply: Reply): FramesReply {
  if (reply.form !== "frames") throw new Error("want frames");
  return reply;
}

async function textOf(reply: Reply): Promise<string> {
  let text = "";
  for await (const frames of framesOf(reply).frames) text += Buffer.from(frames).toString();
  return text;
}

const left = new ProxyError("canceled", "the client left");

describe("a provider's requests", () => {
  it("are the client's bytes with another model, and headers of our own", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    const text =
      '{ "model" : "fast", "seed":12345678901234567890, "unknown":{"a":[1e400]},"messages":[{"role":"user","content":"Hi"}] }';
    await textOf(await providerOf({ headers: { "OpenAI-Project": "p-1" } }).call(callOf(text)));
    const request = await chatRequest();
    expect(request.body.toString()).toBe(text.replace('"fast"', '"gpt-4o-mini"'));
    expect(request.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: "keep-alive",
      accept: "application/json",
      "accept-encoding": "identity",
      authorization: `Bearer ${key}`,
      "content-length": String(request.body.length),
      "content-type": "application/json",
      "openai-project": "p-1",
      "user-agent": "llmproxy",
    });
  });

  it("carry the trace on", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
    await textOf(await providerOf().call(callOf(unary, { trace })));
    expect((await chatRequest()).headers.traceparent).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
  });

  it("carry no credentials where there are none", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    await textOf(await providerOf({ apiKey: undefined }).call(callOf(unary)));
    expect((await chatRequest()).headers).not.toHaveProperty("authorization");
  });

  it("are written anew where the client spoke no dialect", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    const { body: _, ...request } = requestOf(streamed);
    await textOf(await providerOf().call(callOf(streamed, { request })));
    expect((await chatRequest()).json()).toMatchObject({
      model: "gpt-4o-mini",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  it("are translated where the client spoke another dialect, in words every compatible server knows", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    const text =
      '{"model":"fast","max_tokens":7,"system":"be kind","messages":[{"role":"user","content":"Hi"}]}';
    const { json, body } = readJsonBody(Buffer.from(text), { dialect: "anthropic-messages" });
    const chat = anthropicMessages.readRequest(json);
    const dialectHeaders = { "anthropic-beta": "x" };
    const request = { operation: "chat", model: "fast", stream: false, chat, body, dialectHeaders } as const;
    await textOf(await providerOf().call(callOf(unary, { request })));
    const sent = await chatRequest();
    expect(sent.json()).toEqual({
      model: "gpt-4o-mini",
      max_tokens: 7,
      messages: [
        { role: "system", content: "be kind" },
        { role: "user", content: "Hi" },
      ],
    });
    expect(sent.headers["anthropic-beta"]).toBeUndefined();
  });

  it("tell where they are", async () => {
    answerChat(openaiAnswer({ text: "Hello" }));
    const phases: string[] = [];
    await textOf(await providerOf().call(callOf(unary, { onPhase: (phase) => phases.push(phase) })));
    expect(phases).toEqual(["connecting", "headers"]);
  });
});

describe("usage of a stream", () => {
  it("is always asked for, and kept from a client that did not", async () => {
    answerChat(openaiAnswer({ text: "Hello there" }));
    const reply = await providerOf().call(callOf(streamed));
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    const text = await textOf(reply);
    expect((await chatRequest()).json()).toMatchObject({ stream_options: { include_usage: true } });
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(text).not.toContain("prompt_tokens");
    expect(ends).toMatchObject([{ outcome: "finished", usage: { inputTokens: 5, outputTokens: 2 } }]);
  });

  it("is passed on to a client that asked", async () => {
    answerChat(openaiAnswer({ text: "Hello there" }));
    const text = streamed.replace('"stream":true', '"stream":true,"stream_options":{"include_usage":true}');
    expect(await textOf(await providerOf().call(callOf(text)))).toContain("prompt_tokens");
  });

  it("needs no asking for in a unary answer", async () => {
    answerChat(openaiAnswer({ text: "Hello there" }));
    const reply = await providerOf().call(callOf(unary));
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    expect(JSON.parse(await textOf(reply))).toMatchObject({
      choices: [{ message: { content: "Hello there" } }],
    });
    expect((await chatRequest()).json()).not.toHaveProperty("stream_options");
    expect(ends).toMatchObject([{ outcome: "finished", finishReason: "stop", usage: { outputTokens: 2 } }]);
  });
});

describe("a provider's failures", () => {
  it.each([
    ["401", openaiError({ message: `bad key ${key}` }, { status: 401 }), "upstream_auth"],
    ["403", openaiError({ message: `bad key ${key}` }, { status: 403 }), "upstream_auth"],
    ["400", openaiError({ message: `bad key ${key}` }, { status: 400 }), "upstream_failed"],
    ["500", openaiError({ message: `bad key ${key}` }, { status: 500 }), "upstream_failed"],
    [
      "a redirect",
      { status: 307, headers: { location: "http://127.0.0.1:1/" }, body: "" },
      "upstream_failed",
    ],
    ["a cut", { body: "{}", fault: { kind: "cut" } }, "upstream_cut"],
  ] as const)("show neither key nor address in messages and logs: %s", async (_, answer, code) => {
    answerChat(answer);
    const logger = createMemoryLogger();
    const provider = providerOf({ logger });
    const error = await provider.call(callOf(unary)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    logger.error({ error, provider }, "as the router logs it");
    const shown = `${logger.text()}${inspect(error, { depth: 10 })}${inspect(provider, { depth: 10, showHidden: true })}`;
    expect(shown).not.toContain(key);
    expect(error instanceof Error && error.message).not.toMatch(/127\.0\.0\.1/);
  });

  it("never look like a success, at whichever byte the connection breaks", async () => {
    const whole = openaiEventStream(loadRecording("mistral", "stream", "mistral-tool-call").chunks);
    const provider = providerOf();
    const { signal } = new AbortController();
    for (let afterBytes = 0; afterBytes <= whole.length; afterBytes += 1) {
      answerChat({ stream: [whole], fault: { kind: afterBytes % 2 === 0 ? "cut" : "reset", afterBytes } });
      const ends: ReplyEnd[] = [];
      let text = "";
      const reading = (async () => {
        const reply = await provider.call(callOf(streamed, { signal }));
        reply.onEnd((end) => ends.push(end));
        for await (const frames of framesOf(reply).frames) text += Buffer.from(frames).toString();
      })();
      await expect(reading, `cut at ${afterBytes}`).rejects.toMatchObject({ code: "upstream_cut" });
      expect(text).not.toContain("[DONE]");
      for (const end of ends) expect(end.outcome).toBe("upstream-cut");
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  }, 60_000);

  it("end a stream that stalls, and name the limit", async () => {
    const clock = createFakeClock();
    const whole = openaiEventStream(loadRecording("mistral", "stream", "mistral-tool-call").chunks);
    answerChat({ stream: [whole], fault: { kind: "stall", afterBytes: 400 } });
    const reply = await providerOf({ clock, timeouts: { idleMs: 7_000 } }).call(callOf(streamed));
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    const failure = expect(textOf(reply)).rejects.toMatchObject({
      code: "deadline_exceeded",
      message: 'provider "fake" sent nothing more within 7 s (providers[].timeout.idle)',
    });
    await clock.advance(7_000);
    await failure;
    expect(ends).toMatchObject([{ outcome: "timed-out" }]);
    await until(() => upstream.openConnections <= 1);
  });

  it("refuse more calls than are allowed", async () => {
    answerChat({ body: "{}", fault: { kind: "stall" } });
    const provider = providerOf({ maxConcurrent: 1 });
    const controller = new AbortController();
    const first = provider.call(callOf(unary, { signal: controller.signal }));
    await expect(provider.call(callOf(unary))).rejects.toMatchObject({ code: "overloaded" });
    controller.abort(left);
    await expect(first).rejects.toBe(left);
  });
});

describe("a client that leaves", () => {
  it.each([
    ["before the answer", { body: "{}", fault: { kind: "stall" as const } }, unary],
    ["after the headers", { stream: ["x"], fault: { kind: "stall" as const, afterBytes: 0 } }, streamed],
    [
      "before the first output",
      { stream: [": wait\n\n"], fault: { kind: "stall" as const, afterBytes: 8 } },
      streamed,
    ],
  ])("ends the upstream's work at once %s", async (_, answer, text) => {
    answerChat(answer);
    const controller = new AbortController();
    const reply = providerOf().call(callOf(text, { signal: controller.signal }));
    reply.catch(() => {});
    const request = await chatRequest();
    await until(() => request.body.length > 0);
    const before = performance.now();
    controller.abort(left);
    await expect(reply).rejects.toBe(left);
    await until(() => request.isAborted);
    expect(performance.now() - before).toBeLessThan(200);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it.each(["by the signal", "by cancel", "by return"])("ends a stream %s", async (way) => {
    const whole = openaiEventStream(loadRecording("mistral", "stream", "mistral-tool-call").chunks);
    answerChat({ stream: [whole], fault: { kind: "stall", afterBytes: 400 } });
    const controller = new AbortController();
    const reply = framesOf(await providerOf().call(callOf(streamed, { signal: controller.signal })));
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    const request = await chatRequest();
    if (way === "by the signal") controller.abort(left);
    else if (way === "by cancel") reply.cancel(left);
    else await reply.frames.return?.();
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
    await until(() => request.isAborted);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});

describe("a provider's catalogue", () => {
  it("is asked for in the background, with the provider's credentials", async () => {
    upstream.respond(openaiModels(["a", "b"]));
    const provider = providerOf();
    expect(provider.models()).toEqual([]);
    await until(() => provider.models().length > 0);
    expect(provider.models().map(({ id, provider: owner }) => [id, owner])).toEqual([
      ["a", "fake"],
      ["b", "fake"],
    ]);
    expect(upstream.requests).toMatchObject([
      {
        method: "GET",
        path: "/v1/models",
        headers: { authorization: `Bearer ${key}`, accept: "application/json" },
      },
    ]);
  });

  it.each([
    ["an error", openaiError({ message: `no ${key}` }, { status: 401 })],
    ["what is no list", { body: "{}" }],
    ["too much", { stream: Array.from({ length: 20 }, () => Buffer.alloc(1_048_576, " ")) }],
  ])("stays empty when the provider answers %s, which shows at debug only", async (_, answer) => {
    upstream.respond(answer);
    const logger = createMemoryLogger();
    const provider = providerOf({ logger });
    await until(() => logger.entries.length > 0);
    expect(logger.entries).toMatchObject([{ level: "debug", fields: { provider: "fake" } }]);
    expect(logger.text()).not.toContain(key);
    expect(provider.models()).toEqual([]);
  });

  it("is given up after 15 s, to be asked for again later", async () => {
    const clock = createFakeClock();
    const logger = createMemoryLogger();
    upstream.respond({ body: "", fault: { kind: "stall" } });
    providerOf({ clock, logger });
    await upstream.waitForRequest();
    await clock.advance(15_000);
    await until(() => logger.entries.length > 0);
    expect(logger.entries).toMatchObject([{ fields: { error: { code: "deadline_exceeded" } } }]);
    upstream.respond(openaiModels(["a"]));
    await clock.advance(30_000);
    await upstream.waitForRequest(2);
  });

  it("is forgotten about when the provider is closed", async () => {
    const clock = createFakeClock();
    upstream.respond({ body: "", fault: { kind: "stall" } });
    const provider = providerOf({ clock });
    const request = await upstream.waitForRequest();
    await provider.close();
    await until(() => request.isAborted);
    expect(clock.pending).toBe(0);
  });

  it("does not keep the process alive", async () => {
    upstream.respond({ body: "", fault: { kind: "stall" } });
    const path = fileURLToPath(new URL("./openai-compatible.ts", import.meta.url));
    const script = `
      import { createOpenAiCompatibleProvider } from ${JSON.stringify(path)};
      createOpenAiCompatibleProvider({ name: "p", baseUrl: "${upstream.url}/v1", allowPrivate: true });`;
    const child = spawn(process.execPath, [
      "--conditions=@llmproxy/source",
      "--input-type=module",
      "-e",
      script,
    ]);
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });
});

describe("closing a provider", () => {
  it("lets replies in flight go on", async () => {
    answerChat(openaiAnswer({ text: "one two three", chunkDelayMs: 5 }));
    const provider = providerOf();
    const reply = await provider.call(callOf(streamed));
    await provider.close();
    expect(await textOf(reply)).toMatch(/\[DONE\]/);
    await until(() => upstream.openConnections === 0);
  });
});

describe("createOpenAiProvider", () => {
  it("calls OpenAI unless told otherwise", async () => {
    const asked: string[] = [];
    const provider = createOpenAiProvider({
      name: "openai",
      apiKey: new Secret(key),
      lookup: async (hostname) => {
        asked.push(hostname);
        return [];
      },
    });
    providers.push(provider);
    expect(provider).toMatchObject({ name: "openai", kind: "openai" });
    await expect(provider.call(callOf(unary))).rejects.toMatchObject({ code: "upstream_failed" });
    expect(new Set(asked)).toEqual(new Set(["api.openai.com"]));
  });

  it.each([
    ["base_url", { baseUrl: "http://169.254.169.254/v1", allowPrivate: true }],
    ["base_url", { baseUrl: "http://127.0.0.1/v1" }],
    ["api_key", { apiKey: new Secret("two words") }],
    ["headers.host", { headers: { Host: "x" } }],
  ])("refuses a bad %s", (field, options) => {
    expect(() => createOpenAiProvider({ name: "openai", ...options })).toThrow(
      expect.objectContaining({ code: "invalid_request", field }),
    );
  });
});
