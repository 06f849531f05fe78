import {
  type Call,
  type Provider,
  type ProviderCall,
  ProxyError,
  type Reply,
  type ReplyEnd,
} from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger, type FakeClock, type MemoryLogger } from "@llmproxy/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { createReplyEnding } from "../reply-end.ts";
import { createModelRegistry } from "./model-registry.ts";
import { createPriorityPicker } from "./priority.ts";
import { createRouter } from "./route-call.ts";

let clock: FakeClock;
let operatorLog: MemoryLogger;
let callLog: MemoryLogger;

beforeEach(() => {
  clock = createFakeClock();
  operatorLog = createMemoryLogger();
  callLog = createMemoryLogger();
});

/** A reply that ends when the test says so. */
interface TestReply {
  readonly reply: Reply;
  end(end: ReplyEnd): void;
}

function testReply(): TestReply {
  const ending = createReplyEnding();
  const frames = {
    [Symbol.asyncIterator]: () => frames,
    next: async () => ({ done: true as const, value: undefined }),
  };
  return {
    reply: {
      form: "frames",
      status: 200,
      headers: {},
      stream: true,
      dialect: "openai-chat",
      frames,
      onEnd: ending.onEnd,
      cancel: (error) => ending.end({ outcome: "canceled", error }),
    },
    end: ending.end,
  };
}

type Script = (call: ProviderCall) => Promise<Reply>;

interface TestProvider extends Provider {
  readonly calls: ProviderCall[];
}

function providerOf(name: string, script: Script): TestProvider {
  const calls: ProviderCall[] = [];
  return {
    name,
    kind: "fake",
    calls,
    call(call) {
      calls.push(call);
      return script(call);
    },
    models: () => [],
    async close() {},
  };
}

const failing =
  (error: unknown): Script =>
  () =>
    Promise.reject(error);
const answering =
  (reply: Reply): Script =>
  () =>
    Promise.resolve(reply);

function callOf(signal = new AbortController().signal): Call {
  const chat = { model: "fast", messages: [], sampling: {}, stream: true, includeUsage: false };
  return {
    id: "call-1",
    endpoint: "/v1/chat/completions",
    credentials: { kind: "none" },
    permission: "completion:create",
    signal,
    startedAt: new Date(clock.now()),
    startedMs: clock.monotonic(),
    phase: "queued",
    logger: callLog,
    request: { operation: "chat", model: "fast", stream: true, chat },
    attempts: [],
  };
}

function routerOf(...providers: Provider[]) {
  const targets = providers.map(({ name }) => ({ provider: name, model: `${name}-model` }));
  const registry = createModelRegistry({ models: [{ name: "fast", targets }], providers });
  return createRouter({ registry, providers, picker: createPriorityPicker(), clock, logger: operatorLog });
}

const left = new ProxyError("canceled", "the client left");
const unreachable = new ProxyError("upstream_failed", "connection refused");

describe("createRouter", () => {
  it("calls the first target with its model and what the call says", async () => {
    const { reply } = testReply();
    const a = providerOf("a", answering(reply));
    const b = providerOf("b", failing(new Error("not called")));
    const call = { ...callOf(), trace: { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: true } };
    expect(await routerOf(a, b)(call)).toBe(reply);
    expect(call.route).toMatchObject({ name: "fast", targets: [{ provider: "a" }, { provider: "b" }] });
    expect(a.calls).toMatchObject([
      { id: "call-1", model: "a-model", request: call.request, trace: call.trace, signal: call.signal },
    ]);
    expect(b.calls).toEqual([]);
  });

  it("keeps the call's phase up to date", async () => {
    const { reply } = testReply();
    const seen: string[] = [];
    const call = callOf();
    const a = providerOf("a", async ({ onPhase }) => {
      for (const phase of ["connecting", "headers"] as const) {
        onPhase(phase);
        seen.push(call.phase);
      }
      return reply;
    });
    await routerOf(a)(call);
    expect([...seen, call.phase]).toEqual(["connecting", "headers", "streaming"]);
  });

  it("records an attempt that succeeds, with its times", async () => {
    const { reply, end } = testReply();
    const call = callOf();
    const a = providerOf("a", async () => {
      await clock.advance(20);
      return reply;
    });
    await routerOf(a)(call);
    const target = { provider: "a", model: "a-model" };
    expect(call.attempts).toEqual([{ target, startedMs: 1_000, firstOutputMs: 1_020 }]);
    await clock.advance(300);
    end({ outcome: "finished", finishReason: "stop" });
    expect(call.attempts).toEqual([
      { target, startedMs: 1_000, firstOutputMs: 1_020, endedMs: 1_320, outcome: "succeeded" },
    ]);
  });

  it.each([
    ["upstream-cut", "upstream_cut", "failed"],
    ["timed-out", "deadline_exceeded", "failed"],
    ["failed", "upstream_failed", "failed"],
    ["canceled", "canceled", "canceled"],
  ] as const)("records an attempt whose reply ends %s", async (outcome, code, expected) => {
    const { reply, end } = testReply();
    const call = callOf();
    await routerOf(providerOf("a", answering(reply)), providerOf("b", answering(testReply().reply)))(call);
    end({ outcome, error: new ProxyError(code, "x") });
    expect(call.attempts).toMatchObject([{ outcome: expected, errorCode: code }]);
  });

  it("does not hold the call's own deadline against the target", async () => {
    const { reply, end } = testReply();
    const controller = new AbortController();
    const call = callOf(controller.signal);
    await routerOf(providerOf("a", answering(reply)))(call);
    const error = new ProxyError("deadline_exceeded", "the call's deadline passed");
    controller.abort(error);
    end({ outcome: "timed-out", error });
    expect(call.attempts).toMatchObject([{ outcome: "canceled", errorCode: "deadline_exceeded" }]);
  });

  it.each([
    ["it cannot be reached", unreachable],
    ["it is too slow", new ProxyError("deadline_exceeded", "first byte")],
    ["it answers 429", new ProxyError("upstream_failed", "slow down", { vendor: { status: 429 } })],
    ["it answers 500", new ProxyError("upstream_failed", "oops", { vendor: { status: 500 } })],
    ["it breaks off before its first output", new ProxyError("upstream_cut", "cut")],
    ["it refuses our credentials", new ProxyError("upstream_auth", "key revoked")],
    ["it is at its limit", new ProxyError("overloaded", "full")],
  ])("tries the next target when %s", async (_, error) => {
    const { reply, end } = testReply();
    const call = callOf();
    const a = providerOf("a", failing(error));
    const b = providerOf("b", answering(reply));
    expect(await routerOf(a, b)(call)).toBe(reply);
    end({ outcome: "finished" });
    expect(call.attempts).toMatchObject([
      { target: { provider: "a" }, outcome: "failed", errorCode: error.code, endedMs: 1_000 },
      { target: { provider: "b" }, outcome: "succeeded" },
    ]);
    expect(call.attempts[0]).not.toHaveProperty("firstOutputMs");
  });

  it.each([
    ["the request is bad", new ProxyError("upstream_failed", "bad", { vendor: { status: 400 } })],
    [
      "the vendor does not know the model",
      new ProxyError("upstream_failed", "no", { vendor: { status: 404 } }),
    ],
    ["the dialect cannot say it", new ProxyError("invalid_request", "x", { field: "tools" })],
    ["there is a bug", new ProxyError("internal", "bug")],
  ])("does not when %s", async (_, error) => {
    const b = providerOf("b", answering(testReply().reply));
    const call = callOf();
    await expect(routerOf(providerOf("a", failing(error)), b)(call)).rejects.toBe(error);
    expect(b.calls).toEqual([]);
    expect(call.attempts).toMatchObject([{ outcome: "failed", errorCode: error.code }]);
  });

  it("does not when the client has left", async () => {
    const controller = new AbortController();
    const b = providerOf("b", answering(testReply().reply));
    const a = providerOf("a", async () => {
      controller.abort(left);
      throw unreachable;
    });
    const call = callOf(controller.signal);
    await expect(routerOf(a, b)(call)).rejects.toBe(left);
    expect(b.calls).toEqual([]);
    expect(call.attempts).toMatchObject([{ outcome: "canceled" }]);
    expect(callLog.entries).toEqual([]);
  });

  it("does not after the first output", async () => {
    const { reply, end } = testReply();
    const b = providerOf("b", answering(testReply().reply));
    const call = callOf();
    expect(await routerOf(providerOf("a", answering(reply)), b)(call)).toBe(reply);
    end({ outcome: "upstream-cut", error: new ProxyError("upstream_cut", "cut") });
    expect(b.calls).toEqual([]);
  });

  it("tells the most telling failure when every target has failed", async () => {
    const busy = new ProxyError("upstream_failed", "slow down", {
      vendor: { status: 429 },
      retryAfterMs: 1_000,
    });
    const call = callOf();
    const answer = routerOf(providerOf("a", failing(busy)), providerOf("b", failing(unreachable)))(call);
    await expect(answer).rejects.toBe(busy);
    expect(call.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "failed"]);
  });

  it("turns what is no error of ours into one", async () => {
    const call = callOf();
    await expect(routerOf(providerOf("a", failing(new TypeError("bug"))))(call)).rejects.toMatchObject({
      code: "internal",
      message: "internal error",
    });
    expect(call.attempts).toMatchObject([{ outcome: "failed", errorCode: "internal" }]);
  });

  it("does not know a model that is not there", async () => {
    const call = callOf();
    const request = call.request && { ...call.request, model: "fat" };
    const answer = routerOf(providerOf("a", failing(unreachable)))({ ...call, ...(request && { request }) });
    await expect(answer).rejects.toMatchObject({ code: "model_not_found", field: "model" });
    expect(call.attempts).toEqual([]);
  });

  it("refuses a call whose request nobody has read", async () => {
    const { request: _, ...call } = callOf();
    await expect(routerOf(providerOf("a", failing(unreachable)))(call)).rejects.toMatchObject({
      code: "internal",
    });
  });

  it("tells the picker once how each attempt went", async () => {
    const done: string[] = [];
    const { reply, end } = testReply();
    const a = providerOf("a", failing(unreachable));
    const b = providerOf("b", answering(reply));
    const targets = [a, b].map(({ name }) => ({ provider: name, model: "m" }));
    const registry = createModelRegistry({ models: [{ name: "fast", targets }], providers: [a, b] });
    const priority = createPriorityPicker();
    const router = createRouter({
      registry,
      providers: [a, b],
      clock,
      logger: operatorLog,
      picker: {
        pick(route, tried) {
          const pick = priority.pick(route, tried);
          return pick && { ...pick, done: (outcome) => done.push(`${pick.target.provider} ${outcome}`) };
        },
      },
    });
    await router(callOf());
    expect(done).toEqual(["a failed"]);
    end({ outcome: "finished" });
    end({ outcome: "canceled" });
    expect(done).toEqual(["a failed", "b succeeded"]);
  });

  it("tells the operator once that credentials are refused, and when they work again", async () => {
    let script = failing(new ProxyError("upstream_auth", "key revoked"));
    const router = routerOf(providerOf("a", (call) => script(call)));
    for (let index = 0; index < 3; index += 1) await expect(router(callOf())).rejects.toThrow();
    script = answering(testReply().reply);
    for (let index = 0; index < 3; index += 1) await router(callOf());
    expect(
      operatorLog.entries.map(({ level, message, fields }) => [level, message, fields.provider]),
    ).toEqual([
      ["warn", "the provider refuses our credentials", "a"],
      ["info", "the provider accepts our credentials again", "a"],
    ]);
    expect(callLog.entries).toHaveLength(3);
  });
});
