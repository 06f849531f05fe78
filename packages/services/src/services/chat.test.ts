import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ChatRole, type ChatSchema, ChatService, ErrorInfoSchema, FinishReason } from "@llmproxy/proto";
import { noUsage, type Part, ProxyError, type Reply } from "@llmproxy/spec";
import { expectNoLeaks, until } from "@llmproxy/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CallInput } from "../services-core.ts";
import { fakeReply, type Step, textParts } from "../testing/fake-reply.ts";
import { protocols, startTestServer, type TestServer } from "../testing/test-server.ts";
import { as, testServices } from "../testing/test-services.ts";

const message = { role: ChatRole.USER, content: [{ kind: { case: "text", value: "Hi" } as const }] };
const chat: MessageInitShape<typeof ChatSchema> = { model: "gpt-4o", messages: [message] };
const never = new Promise<never>(() => undefined);
const cut = new ProxyError("upstream_cut", "the provider broke off");

/** What the core does in the test that runs. */
let answer: (call: CallInput) => Reply | Promise<Reply>;

const services = testServices({ answer: (call) => answer(call), info: { defaultModel: "fast" } });
const bare = testServices({ info: {} });
let server: TestServer;
let bareServer: TestServer;

beforeAll(async () => {
  server = await startTestServer(services.options);
  bareServer = await startTestServer(bare.options);
});
afterAll(async () => {
  await server.close();
  await bareServer.close();
});
beforeEach(() => {
  answer = () => fakeReply(textParts("Hello", " world"));
  services.core.calls.length = 0;
  bare.core.calls.length = 0;
});

const clientOver = (transport: Transport) => createClient(ChatService, transport);

const failureOf = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(() => expect.unreachable("it ended well"), ConnectError.from);

describe.each(protocols)("ChatService over %s", (protocol) => {
  const client = () => clientOver(server.transports[protocol]);
  const key = as("key");

  it("answers with the whole answer", async () => {
    const response = await client().complete({ chat }, key);
    expect(response).toMatchObject({
      id: "answer-1",
      model: "vendor-model-2026",
      choices: [
        {
          index: 0,
          content: [{ kind: { case: "text", value: "Hello world" } }],
          finishReason: FinishReason.STOP,
        },
      ],
      usage: { inputTokens: 10n, cacheReadTokens: 4n, outputTokens: 3n, reasoningTokens: 2n },
    });
    const [call] = services.core.calls;
    expect(call).toMatchObject({
      endpoint: "/llmproxy.v1.ChatService/Complete",
      chat: { model: "gpt-4o", stream: false, includeUsage: true },
    });
    expect(call?.credentials.kind === "token" && call.credentials.token.reveal()).toBe("key");
  });

  it("streams the parts as they come", async () => {
    const second = Promise.withResolvers<void>();
    const [start, first, ...rest] = textParts("one", "two") as [Part, Part, ...Part[]];
    answer = () => fakeReply([start, first, second.promise, ...rest]);
    const stream = client().streamComplete({ chat }, key)[Symbol.asyncIterator]();
    expect((await stream.next()).value?.part).toMatchObject({
      case: "start",
      value: { id: "answer-1", model: "vendor-model-2026" },
    });
    expect((await stream.next()).value?.part).toMatchObject({ case: "text", value: { text: "one" } });
    second.resolve();
    const others = [];
    for (let next = await stream.next(); !next.done; next = await stream.next()) others.push(next.value.part);
    expect(others).toMatchObject([
      { case: "text", value: { choice: 0, text: "two" } },
      { case: "finish", value: { choice: 0, reason: FinishReason.STOP } },
      { case: "usage", value: { inputTokens: 10n, estimated: false } },
    ]);
    expect(services.core.calls[0]?.chat.stream).toBe(true);
  });

  it("passes on what the headers of the reply tell, and no others", async () => {
    const headers = {
      "x-llmproxy-model": "gpt-4o-2026",
      "x-ratelimit-limit-requests": "9",
      "set-cookie": "a=b",
    };
    answer = () => fakeReply(textParts("Hi"), headers);
    for (const call of [
      (onHeader: (headers: Headers) => void) => client().complete({ chat }, { ...key, onHeader }),
      (onHeader: (headers: Headers) => void) =>
        Array.fromAsync(client().streamComplete({ chat }, { ...key, onHeader })),
    ]) {
      let received = new Headers();
      await call((headers) => {
        received = headers;
      });
      expect(received.get("x-llmproxy-model")).toBe("gpt-4o-2026");
      expect(received.get("x-ratelimit-limit-requests")).toBe("9");
      expect(received.has("set-cookie")).toBe(false);
      expect(received.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it.each([
    ["limit_exceeded", Code.ResourceExhausted],
    ["model_not_found", Code.NotFound],
    ["upstream_failed", Code.Unavailable],
    ["upstream_auth", Code.FailedPrecondition],
    ["deadline_exceeded", Code.DeadlineExceeded],
  ] as const)("answers %s with a status, before and within the answer", async (code, status) => {
    const failure = new ProxyError(code, "not now");
    answer = () => Promise.reject(failure);
    for (const call of [
      () => client().complete({ chat }, key),
      () => Array.fromAsync(client().streamComplete({ chat }, key)),
    ]) {
      answer = () => Promise.reject(failure);
      expect(await failureOf(call())).toMatchObject({ code: status, rawMessage: "not now" });
      answer = () => fakeReply([...textParts("Hel").slice(0, 2), failure]);
      const error = await failureOf(call());
      expect(error.code).toBe(status);
      expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe(code.toUpperCase());
    }
  });

  it("sends what was said before the provider broke off, then a status", async () => {
    answer = () => fakeReply([...textParts("Hel").slice(0, 2), cut]);
    const cases: unknown[] = [];
    const error = await failureOf(
      (async () => {
        for await (const { part } of client().streamComplete({ chat }, key)) cases.push(part.case);
      })(),
    );
    expect(cases).toEqual(["start", "text"]);
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "the provider broke off" });
  });

  it("releases the upstream at once when the client leaves in the middle", async () => {
    await expectNoLeaks(async () => {
      const reply = fakeReply([...textParts("Hel").slice(0, 2), never]);
      answer = () => reply;
      const abort = new AbortController();
      const options = { ...key, signal: abort.signal };
      const error = await failureOf(
        (async () => {
          for await (const { part } of client().streamComplete({ chat }, options))
            if (part.case === "text") abort.abort();
        })(),
      );
      expect(error.code).toBe(Code.Canceled);
      await until(() => reply.canceledBy !== undefined);
      expect(reply.canceledBy?.code).toBe("canceled");
    });
  });

  it("releases the upstream at once when the client gives up waiting for the whole answer", async () => {
    const reply = fakeReply([...textParts("Hel").slice(0, 2), never]);
    answer = () => reply;
    const abort = new AbortController();
    const waiting = failureOf(client().complete({ chat }, { ...key, signal: abort.signal }));
    await until(() => services.core.calls.length > 0);
    abort.abort();
    expect((await waiting).code).toBe(Code.Canceled);
    await until(() => reply.canceledBy !== undefined);
  });

  it("asks the upstream for no more than the client reads", async () => {
    let made = 0;
    const many = Array.from(
      { length: 300 },
      (): Part => ({ type: "text-delta", choice: 0, text: "x".repeat(100_000) }),
    );
    const reply = fakeReply(many);
    const { parts } = reply;
    async function* counted() {
      for await (const part of parts) {
        made++;
        yield part;
      }
    }
    answer = () => Object.assign(Object.create(reply), { parts: counted() });
    const stream = client().streamComplete({ chat }, key)[Symbol.asyncIterator]();
    await stream.next();
    const settled = async () => {
      const before = made;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      return made === before;
    };
    await until(settled);
    expect(made).toBeLessThan(many.length);
    let read = 1;
    for (let next = await stream.next(); !next.done; next = await stream.next()) read++;
    expect(read).toBe(many.length);
  });
});

describe("ChatService", () => {
  const client = () => clientOver(server.transports["connect over http2"]);
  const key = as("key");

  it("asks the server's default model when none is named", async () => {
    await client().complete({ chat: { messages: [message] } }, key);
    expect(services.core.calls[0]?.chat.model).toBe("fast");
  });

  it("refuses a call without a model where there is no default one", async () => {
    const bareClient = clientOver(bareServer.transports["connect over http2"]);
    const error = await failureOf(bareClient.complete({ chat: { messages: [message] } }, key));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({
      field: "chat.model",
      reason: "no_model",
    });
    expect(bare.core.calls[0]?.refusal?.code).toBe("invalid_request");
  });

  it.each([
    ["chat", {}],
    ["chat.messages", { chat: { model: "m" } }],
    ["chat.messages[0].role", { chat: { model: "m", messages: [{}] } }],
  ])("lets the pipeline refuse a message with a bad %s, unary and streamed", async (field, request) => {
    for (const call of [
      () => client().complete(request, key),
      () => Array.fromAsync(client().streamComplete(request, key)),
    ]) {
      const error = await failureOf(call());
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.findDetails(ErrorInfoSchema)[0]?.metadata.field).toBe(field);
    }
    expect(services.core.calls.map(({ refusal }) => refusal?.field)).toEqual([field, field]);
  });

  it("names the field of the message that the core finds wrong", async () => {
    answer = () => Promise.reject(new ProxyError("model_not_found", "no such model", { field: "model" }));
    const error = await failureOf(client().complete({ chat }, key));
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata.field).toBe("chat.model");
    expect(error.metadata.get("x-should-retry")).toBe("false");
  });

  it("tells the usage the server counted where the vendor told none", async () => {
    const parts = textParts("Hi").slice(0, -1);
    const counted = (): Reply => {
      const reply = fakeReply(parts);
      const usage = { ...noUsage, outputTokens: 1, estimated: true };
      return Object.assign(Object.create(reply), {
        onEnd: (listener: Parameters<Reply["onEnd"]>[0]) => reply.onEnd((end) => listener({ ...end, usage })),
      });
    };
    answer = counted;
    expect((await client().complete({ chat }, key)).usage).toMatchObject({
      outputTokens: 1n,
      estimated: true,
    });
    const pieces = await Array.fromAsync(client().streamComplete({ chat }, key));
    expect(pieces.at(-1)?.part).toMatchObject({
      case: "usage",
      value: { outputTokens: 1n, estimated: true },
    });
  });

  it("names the model that was asked where the vendor does not say which answered", async () => {
    const steps: Step[] = [{ type: "text-delta", choice: 0, text: "Hi" }];
    answer = () => fakeReply(steps);
    expect((await client().complete({ chat }, key)).model).toBe("gpt-4o");
  });

  it.each(["manager", "auditor"] as const)("is not for a %s", async (who) => {
    expect((await failureOf(client().complete({ chat }, as(who)))).code).toBe(Code.PermissionDenied);
  });
});
