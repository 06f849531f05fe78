/** Routing over real connections: what each fault of a first upstream means for a second. */

import {
  type Call,
  type Provider,
  ProxyError,
  type Reply,
  type ReplyEnd,
  silentLogger,
} from "@llmproxy/spec";
import {
  type Answer,
  answerByPath,
  createFakeClock,
  createFakeUpstream,
  type FakeClock,
  type FakeUpstream,
  freePort,
  openaiChat,
  openaiError,
  openaiModels,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dialects } from "../dialects/dialects.ts";
import { readJsonBody } from "../json/read.ts";
import { createOpenAiCompatibleProvider } from "../providers/openai-compatible.ts";
import { createModelRegistry } from "./model-registry.ts";
import { createPriorityPicker } from "./priority.ts";
import { createRouter } from "./route-call.ts";

let first: FakeUpstream;
let second: FakeUpstream;
let clock: FakeClock;
let providers: Provider[];

beforeEach(async () => {
  clock = createFakeClock();
  first = await createFakeUpstream();
  second = await createFakeUpstream();
  answerChat(second, openaiChat({ text: "from the second" }));
  providers = [];
});

afterEach(async () => {
  await Promise.all(providers.map((provider) => provider.close()));
  await first.close();
  await second.close();
});

function answerChat(upstream: FakeUpstream, script: Parameters<typeof answerByPath>[0][string]): void {
  upstream.respond(answerByPath({ "/chat/completions": script, "/models": openaiModels([]) }));
}

function providerOf(name: string, url: string): Provider {
  const provider = createOpenAiCompatibleProvider({ name, baseUrl: `${url}/v1`, allowPrivate: true, clock });
  providers.push(provider);
  return provider;
}

function callOf(stream: boolean, signal = new AbortController().signal): Call {
  const text = `{"model":"fast","messages":[{"role":"user","content":"Hi"}],"stream":${stream}}`;
  const { json, body } = readJsonBody(Buffer.from(text), { dialect: "openai-chat" });
  const chat = dialects["openai-chat"].readRequest(json);
  return {
    id: "call-1",
    endpoint: "/v1/chat/completions",
    credentials: { kind: "none" },
    permission: "completion:create",
    signal,
    startedAt: new Date(clock.now()),
    startedMs: clock.monotonic(),
    phase: "queued",
    logger: silentLogger,
    request: { operation: "chat", model: "fast", stream, chat, body },
    attempts: [],
  };
}

function route(call: Call, urls = [first.url, second.url]): Promise<Reply> {
  const targets = urls.map((_, index) => ({ provider: `p${index + 1}`, model: "m" }));
  const all = urls.map((url, index) => providerOf(`p${index + 1}`, url));
  const registry = createModelRegistry({ models: [{ name: "fast", targets }], providers: all });
  const picker = createPriorityPicker();
  return createRouter({ registry, providers: all, picker, clock, logger: silentLogger })(call);
}

async function textOf(reply: Reply): Promise<string> {
  if (reply.form !== "frames") throw new Error("want frames");
  let text = "";
  for await (const frames of reply.frames) text += Buffer.from(frames).toString();
  return text;
}

const chatRequests = (upstream: FakeUpstream) => upstream.requests.filter(({ method }) => method === "POST");
const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const role = event({ id: "c", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });
const failed = event({ error: { message: "overloaded", type: "server_error" } });

describe.each([
  ["a stream", true],
  ["a unary answer", false],
])("routing %s", (_, stream) => {
  it.each([
    ["429", openaiError({ message: "slow down" }, { status: 429 }), "upstream_failed"],
    ["500", openaiError({ message: "oops" }, { status: 500 }), "upstream_failed"],
    ["503", { status: 503, body: "<html>" }, "upstream_failed"],
    ["401", openaiError({ message: "bad key" }, { status: 401 }), "upstream_auth"],
    ["403", openaiError({ message: "bad key" }, { status: 403 }), "upstream_auth"],
    ["a redirect", { status: 302, headers: { location: "/" }, body: "" }, "upstream_failed"],
    ["compressed data", { body: "{}", gzip: true }, "upstream_failed"],
    ["HTML", { body: "<html>", headers: { "content-type": "text/html" } }, "upstream_failed"],
    ["what is not HTTP", { raw: "nonsense" }, "upstream_failed"],
    ["a closed connection", { body: "{}", fault: { kind: "cut" } }, "upstream_cut"],
    ["a reset", { body: "{}", fault: { kind: "reset" } }, "upstream_cut"],
  ] satisfies [string, Answer, string][])(
    "goes to the second upstream when the first answers with %s",
    async (_name, answer, code) => {
      answerChat(first, answer);
      const call = callOf(stream);
      expect(await textOf(await route(call))).toContain("second");
      expect(call.attempts).toMatchObject([
        { target: { provider: "p1" }, outcome: "failed", errorCode: code },
        { target: { provider: "p2" }, outcome: "succeeded" },
      ]);
      expect(chatRequests(first)).toHaveLength(1);
    },
  );

  it("goes to the second upstream when the first refuses the connection", async () => {
    const call = callOf(stream);
    const text = await textOf(await route(call, [`http://127.0.0.1:${await freePort()}`, second.url]));
    expect(text).toContain("second");
    expect(call.attempts).toMatchObject([{ errorCode: "upstream_failed" }, { outcome: "succeeded" }]);
  });

  it("goes to the second upstream when the first takes too long", async () => {
    const asked = Promise.withResolvers<void>();
    answerChat(first, () => {
      asked.resolve();
      return { body: "{}", fault: { kind: "stall" } };
    });
    const call = callOf(stream);
    const reply = route(call);
    await asked.promise;
    await clock.advance(120_000);
    expect(await textOf(await reply)).toContain("second");
    expect(call.attempts).toMatchObject([{ errorCode: "deadline_exceeded" }, { outcome: "succeeded" }]);
  });

  it.each([400, 404, 413, 422])("stays with the first upstream's %d", async (status) => {
    answerChat(first, openaiError({ message: "it is the request" }, { status }));
    await expect(route(callOf(stream))).rejects.toMatchObject({ status, message: "it is the request" });
    expect(chatRequests(second)).toEqual([]);
  });

  it("tells when to come back when both are busy", async () => {
    const busy = { status: 429, headers: { "retry-after": "7" } };
    answerChat(first, openaiError({ message: "slow down" }, busy));
    answerChat(second, { body: "{}", fault: { kind: "cut" } });
    const call = callOf(stream);
    await expect(route(call)).rejects.toMatchObject({
      status: 429,
      message: "slow down",
      retryAfterMs: 7_000,
    });
    expect(call.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "failed"]);
  });

  it("asks nobody else when the client leaves", async () => {
    const controller = new AbortController();
    answerChat(first, () => {
      controller.abort(new ProxyError("canceled", "the client left"));
      return { body: "{}", fault: { kind: "stall" } };
    });
    const call = callOf(stream, controller.signal);
    await expect(route(call)).rejects.toMatchObject({ code: "canceled" });
    expect(chatRequests(second)).toEqual([]);
    expect(call.attempts).toMatchObject([{ outcome: "canceled" }]);
  });
});

describe("routing a stream", () => {
  it.each([
    ["breaks off before it", { stream: [": wait\n\n"], fault: { kind: "cut", afterBytes: 8 } }],
    ["ends before it", { stream: [": wait\n\n"] }],
    ["reports a failure instead", { stream: [failed] }],
  ] satisfies [string, Answer][])(
    "goes to the second upstream for its first output when the first %s",
    async (_, answer) => {
      answerChat(first, answer);
      const call = callOf(true);
      expect(await textOf(await route(call))).toMatch(/second[\s\S]*\[DONE\]/);
      expect(call.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "succeeded"]);
    },
  );

  it.each([
    ["breaks off", [role], { kind: "cut", afterBytes: role.length }, "upstream-cut"],
    ["ends", [role], undefined, "upstream-cut"],
    ["reports a failure", [role, failed], undefined, "failed"],
  ] as const)(
    "stays with the first upstream when that %s after its first output",
    async (_, [output, ...rest], fault, outcome) => {
      const begun = Promise.withResolvers<void>();
      async function* stream() {
        yield output;
        await begun.promise;
        yield* rest;
      }
      answerChat(first, { stream: stream(), ...(fault ? { fault } : {}) });
      const call = callOf(true);
      const reply = await route(call);
      begun.resolve();
      const ends: ReplyEnd[] = [];
      reply.onEnd((end) => ends.push(end));
      const error = await textOf(reply).catch((reason: unknown) => reason);
      expect(ends).toMatchObject([{ outcome }]);
      expect(ends[0]?.error).toBe(error);
      expect(call.attempts).toMatchObject([{ target: { provider: "p1" }, outcome: "failed" }]);
      expect(chatRequests(second)).toEqual([]);
    },
  );
});
