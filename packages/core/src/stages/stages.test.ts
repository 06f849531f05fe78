import {
  type Authenticator,
  type Call,
  type CallRecord,
  type Handler,
  type LlmRequest,
  type Principal,
  ProxyError,
  type Reply,
  type ReplyEnd,
  silentLogger,
} from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger, createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createCall } from "../create-call.ts";
import { jsonReply } from "../json-reply.ts";
import { admit } from "./admit.ts";
import { journal } from "./journal.ts";
import { meter } from "./meter.ts";
import { read } from "./read.ts";
import { shield } from "./shield.ts";
import { trace } from "./trace.ts";

const principal: Principal = {
  kind: "key",
  id: "key123",
  roles: ["key"],
  projectId: "p1",
  allowedModels: ["gpt-*"],
};
const authenticator: Authenticator = { authenticate: async () => principal };
const target = { provider: "openai", model: "gpt-x" };

function requestFor(model: string): LlmRequest {
  return {
    operation: "chat",
    model,
    stream: false,
    chat: { model, messages: [], sampling: {}, stream: false, includeUsage: false },
  };
}

function callFor(model = "gpt-4", options: { refusal?: ProxyError } = {}): Call {
  const clock = createFakeClock();
  return createCall(
    {
      requestId: "request-0001",
      endpoint: "/v1/chat/completions",
      permission: "completion:create",
      credentials: { kind: "none" },
      clientAddress: "192.0.2.1",
      signal: new AbortController().signal,
      read: async () => requestFor(model),
      ...options,
    },
    clock,
    silentLogger,
  );
}

/** Ends like `end`, after one attempt. */
function answering(end: ReplyEnd): Handler {
  return async (call) => {
    call.attempts.push({
      target,
      startedMs: call.startedMs,
      firstOutputMs: call.startedMs + 40,
      endedMs: call.startedMs + 100,
      outcome: "succeeded",
    });
    return { ...jsonReply({}, "openai-chat"), onEnd: (listener) => listener(end) } as Reply;
  };
}

const refusing =
  (error: ProxyError): Handler =>
  () =>
    Promise.reject(error);

const finished: ReplyEnd = {
  outcome: "finished",
  usage: {
    inputTokens: 7,
    cacheReadTokens: 3,
    cacheWriteTokens: 0,
    cacheWriteHourTokens: 0,
    audioInputTokens: 0,
    outputTokens: 5,
    reasoningTokens: 2,
    audioOutputTokens: 0,
    estimated: false,
  },
};

describe("trace", () => {
  it("writes one line at the end, with the call's ids and what it used", async () => {
    const logger = createMemoryLogger();
    const call = callFor();
    await trace(logger, createFakeClock())(answering(finished))(call);
    expect(logger.entries.length).toBe(1);
    expect(logger.entries[0]).toMatchObject({
      level: "info",
      message: "call",
      fields: {
        request_id: "request-0001",
        trace_id: call.trace?.traceId,
        outcome: "finished",
        provider: "openai",
        target: "gpt-x",
        attempts: 1,
        first_output_ms: 40,
        input_tokens: 10,
        output_tokens: 7,
      },
    });
  });

  it("writes a refusal with its code and reason, without the message's detail", async () => {
    const logger = createMemoryLogger();
    const error = new ProxyError("unauthenticated", "not valid", { reason: "token_expired" });
    await expect(trace(logger, createFakeClock())(refusing(error))(callFor())).rejects.toBe(error);
    expect(logger.entries[0]?.fields).toMatchObject({
      outcome: "refused",
      code: "unauthenticated",
      reason: "token_expired",
      status: 401,
    });
  });

  it("writes an internal failure as an error with its cause", async () => {
    const logger = createMemoryLogger();
    const bug = new TypeError("x is undefined");
    const failing = () => Promise.reject(bug);
    await expect(trace(logger, createFakeClock())(failing)(callFor())).rejects.toMatchObject({
      code: "internal",
    });
    expect(logger.entries[0]).toMatchObject({ level: "error", fields: { outcome: "failed", error: bug } });
  });
});

describe("meter", () => {
  it("counts refusals too and gives the gauge back", async () => {
    const memory = createMemoryMeter();
    const stage = meter(memory, createFakeClock());
    await stage(answering(finished))(callFor());
    await expect(stage(refusing(new ProxyError("overloaded", "busy")))(callFor())).rejects.toThrow();
    const endpoint = "/v1/chat/completions";
    expect(memory.value("llmproxy_calls_total", { endpoint, outcome: "finished", code: "" })).toBe(1);
    expect(memory.value("llmproxy_calls_total", { endpoint, outcome: "refused", code: "overloaded" })).toBe(
      1,
    );
    expect(memory.value("llmproxy_calls_in_flight", { endpoint })).toBe(0);
    expect(memory.value("llmproxy_tokens_total", { provider: "openai", kind: "cache_read" })).toBe(3);
  });
});

describe("shield", () => {
  const closed = { close() {}, recordRefusal() {} };

  it("refuses without going on, with the shield's error", async () => {
    const error = new ProxyError("overloaded", "busy");
    const stage = shield({ ...closed, enter: () => ({ admitted: false, error, reason: "concurrency" }) });
    await expect(stage(() => Promise.reject(new Error("must not be reached")))(callFor())).rejects.toBe(
      error,
    );
  });

  it("leaves when the reply ends, not when it begins", async () => {
    let left = 0;
    let finish = (_end: ReplyEnd): void => {};
    const stage = shield({
      ...closed,
      enter: () => ({
        admitted: true,
        leave: () => {
          left += 1;
        },
      }),
    });
    await stage(
      async () =>
        ({
          ...jsonReply({}, "openai-chat"),
          onEnd: (listener) => {
            finish = listener;
          },
        }) as Reply,
    )(callFor());
    expect(left).toBe(0);
    finish(finished);
    expect(left).toBe(1);
  });

  it.each([
    [
      "a wrong token",
      new ProxyError("unauthenticated", "not valid", { reason: "invalid_token" }),
      ["192.0.2.1"],
    ],
    ["no token at all", new ProxyError("unauthenticated", "an api key is needed"), []],
    ["a denied permission", new ProxyError("permission_denied", "no"), []],
  ])("counts %s as a failed login: %s", async (_what, error, expected) => {
    const recorded: (string | undefined)[] = [];
    const stage = shield({
      close() {},
      enter: () => ({ admitted: true, leave() {} }),
      recordRefusal: (address) => recorded.push(address),
    });
    await expect(stage(refusing(error))(callFor())).rejects.toBe(error);
    expect(recorded).toEqual(expected);
  });
});

describe("admit", () => {
  it("puts the principal on the call", async () => {
    const call = callFor();
    await admit(authenticator)(answering(finished))(call);
    expect(call.principal).toBe(principal);
  });

  it("refuses what the edge found wrong, before asking anybody", async () => {
    const refusal = new ProxyError("invalid_request", "two credentials");
    const unreachable: Authenticator = { authenticate: () => Promise.reject(new Error("must not be asked")) };
    await expect(admit(unreachable)(answering(finished))(callFor("gpt-4", { refusal }))).rejects.toBe(
      refusal,
    );
  });

  it("denies by default", async () => {
    const management: Principal = { kind: "management", id: "management", roles: ["root"] };
    const stage = admit({ authenticate: async () => management });
    await expect(stage(answering(finished))(callFor())).rejects.toMatchObject({ code: "permission_denied" });
  });
});

describe("read", () => {
  it("puts the request on the call", async () => {
    const call = callFor("gpt-4o");
    call.principal = principal;
    await read()(answering(finished))(call);
    expect(call.request?.model).toBe("gpt-4o");
  });

  it("refuses a model that is not the caller's, by the requested name", async () => {
    const call = callFor("claude-opus");
    call.principal = principal;
    await expect(read()(answering(finished))(call)).rejects.toMatchObject({
      code: "model_not_allowed",
      field: "model",
    });
  });
});

describe("journal", () => {
  function recording() {
    const records: CallRecord[] = [];
    return {
      records,
      journal: { append: (record: CallRecord) => void records.push(record), flush: async () => {} },
    };
  }

  it("writes one record with the attempts and the usage", async () => {
    const { records, journal: sink } = recording();
    const call = callFor();
    call.principal = principal;
    call.request = requestFor("gpt-4");
    call.route = { name: "fast", targets: [target] };
    await journal(sink, createFakeClock())(answering(finished))(call);
    expect(records).toEqual([
      {
        requestId: "request-0001",
        recordId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        startedAt: call.startedAt,
        durationMs: expect.any(Number),
        endpoint: "/v1/chat/completions",
        projectId: "p1",
        keyId: "key123",
        requestedModel: "gpt-4",
        route: "fast",
        attempts: [{ target, outcome: "succeeded", startMs: 0, firstOutputMs: 40, durationMs: 100 }],
        outcome: "finished",
        usage: finished.usage,
      },
    ]);
  });

  it("records a failure with its code", async () => {
    const { records, journal: sink } = recording();
    const call = callFor();
    await expect(
      journal(sink, createFakeClock())(refusing(new ProxyError("model_not_found", "no")))(call),
    ).rejects.toThrow();
    expect(records[0]).toMatchObject({ outcome: "refused", errorCode: "model_not_found", attempts: [] });
  });

  it("passes calls through where nothing is recorded", async () => {
    const next = answering(finished);
    expect(journal(undefined, createFakeClock())(next)).toBe(next);
  });
});
