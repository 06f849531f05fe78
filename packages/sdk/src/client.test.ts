import { getEventListeners } from "node:events";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import { ChatService, Health, KeyService, ProjectService } from "@llmproxy/proto";
import { createFakeClock, type FakeClock, until } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { type ClientOptions, createClient, type LlmProxyClient } from "./client.ts";
import { LlmProxyError } from "./error.ts";
import { proxyError } from "./testing/error-details.ts";
import { createFakeChat, type FakeChat, text, textPieces, untilLeft } from "./testing/fake-chat.ts";

/** One server in memory. */
interface FakeServer {
  readonly chat: FakeChat;
  /** What the management services do; may wait or throw. */
  manage: () => unknown;
  /** How often a management service was called. */
  managed: number;
}

interface Setup {
  readonly client: LlmProxyClient;
  readonly clock: FakeClock;
  readonly a: FakeServer;
  readonly b: FakeServer;
  /** Which servers were called, in order. */
  readonly trail: string[];
}

const hello = { model: "fast", user: "Hello" };

/** A client of the servers `http://a` and, unless told otherwise, `http://b`; chance always says the middle. */
function setup(options: Partial<ClientOptions> = {}): Setup {
  const clock = createFakeClock();
  const trail: string[] = [];
  const servers: Record<string, FakeServer> = {};
  const connect = (baseUrl: string): Transport => {
    const server: FakeServer = { chat: createFakeChat(), manage: () => undefined, managed: 0 };
    servers[baseUrl] = server;
    const note = (): void => void trail.push(baseUrl.replace("http://", ""));
    const managing = async () => {
      note();
      server.managed++;
      await server.manage();
      return {};
    };
    return createRouterTransport(({ service }) => {
      service(ChatService, {
        complete: (request, context) => {
          note();
          return server.chat.complete(request, context);
        },
        streamComplete: (request, context) => {
          note();
          return server.chat.streamComplete(request, context);
        },
      });
      service(KeyService, { createKey: managing, getKey: managing, revokeKey: managing });
      service(ProjectService, { createProject: managing });
      service(Health, {
        check: managing,
        async *watch(_request, context) {
          yield { status: 1 as const };
          await untilLeft(context);
        },
      });
    });
  };
  const client = createClient(
    { baseUrls: ["http://a", "http://b"], clock, random: () => 0.5, ...options },
    { connect, close: () => undefined },
  );
  const [a, b = a] = Object.values(servers);
  if (!a || !b) throw new Error("expected a server");
  return { client, clock, a, b, trail };
}

const failureOf = (work: Promise<unknown>): Promise<LlmProxyError> =>
  work.then(
    () => expect.unreachable("it ended well"),
    (reason) => {
      if (LlmProxyError.is(reason)) return reason;
      throw reason;
    },
  );

const lost = () => new ConnectError("gone", Code.Unavailable);

describe("complete", () => {
  it("tells the text, who answered, why it ended and what it used", async () => {
    const { client, a } = setup();
    const answer = await client.complete({ ...hello, system: "Be brief." });
    expect(answer).toMatchObject({
      text: "Hello world",
      toolCalls: [],
      model: "vendor-model",
      id: "answer-1",
      finishReason: "stop",
      usage: { inputTokens: 10, outputTokens: 2, estimated: false },
    });
    expect(answer).not.toHaveProperty("reasoning");
    expect(a.chat.asked[0]?.chat).toMatchObject({
      model: "fast",
      messages: [
        { role: 1, content: [{ kind: { case: "text", value: "Be brief." } }] },
        { role: 3, content: [{ kind: { case: "text", value: "Hello" } }] },
      ],
    });
  });

  it("gives back a message that goes on with the conversation", async () => {
    const { client, a } = setup();
    a.chat.response = {
      choices: [
        {
          content: [
            { kind: { case: "reasoning", value: { text: "hm", signature: "s" } } },
            { kind: { case: "toolCall", value: { id: "1", name: "weather", arguments: "{}" } } },
          ],
          finishReason: 3,
        },
      ],
    };
    const answer = await client.complete(hello);
    expect(answer).toMatchObject({
      text: "",
      reasoning: "hm",
      toolCalls: [{ id: "1", name: "weather", arguments: "{}" }],
      finishReason: "tool-calls",
    });
    const result = { type: "tool-result", callId: "1", content: "sunny" } as const;
    await client.complete({ messages: [answer.message, { role: "tool", content: [result] }] });
    expect(a.chat.asked[1]?.chat?.messages).toMatchObject([
      {
        role: 4,
        content: [
          { kind: { case: "reasoning", value: { signature: "s" } } },
          { kind: { case: "toolCall", value: { id: "1" } } },
        ],
      },
      {
        role: 5,
        content: [
          {
            kind: {
              case: "toolResult",
              value: { callId: "1", content: [{ kind: { case: "text", value: "sunny" } }] },
            },
          },
        ],
      },
    ]);
  });

  it.each([
    ['{"n":42}', { n: 42 }],
    ['{"n":4', undefined],
  ])("reads %s as JSON where a schema was asked for", async (said, json) => {
    const { client, a } = setup();
    a.chat.response = { choices: [{ content: [{ kind: { case: "text", value: said } }] }] };
    const schema = { type: "object", properties: { n: { type: "number" } } };
    expect((await client.complete({ ...hello, schema })).json).toEqual(json);
    expect(a.chat.asked[0]?.chat?.responseFormat?.kind).toMatchObject({
      case: "jsonSchema",
      value: { name: "answer", schema, strict: true },
    });
    expect(await client.complete(hello)).not.toHaveProperty("json");
  });
});

describe("streamText", () => {
  it("gives the text as it comes, then the whole answer", async () => {
    const { client, a } = setup();
    a.chat.pieces = [
      ...textPieces("Hello", " world").slice(0, 2),
      { case: "reasoning", value: { choice: 0, text: "hm" } },
      { case: "text", value: { choice: 1, text: "other" } },
      ...textPieces("!").slice(1),
    ];
    const stream = client.streamText(hello);
    expect(await Array.fromAsync(stream)).toEqual(["Hello", "!"]);
    expect(await stream.result()).toMatchObject({
      text: "Hello!",
      reasoning: "hm",
      model: "vendor-model",
      finishReason: "stop",
      usage: { inputTokens: 10, outputTokens: 2 },
      message: { role: 4, content: [{ kind: { case: "text" } }, { kind: { case: "reasoning" } }, {}] },
    });
  });

  it("asks nobody until it is read", async () => {
    const { client, trail } = setup();
    const stream = client.streamText(hello);
    expect(trail).toEqual([]);
    expect((await stream.result()).text).toBe("Hello world");
    expect(trail).toEqual(["a"]);
  });

  it("stops upstream when the reader leaves", async () => {
    const { client, a, clock } = setup();
    a.chat.pieces = [text("one"), text("two"), untilLeft];
    const stream = client.streamText(hello);
    for await (const said of stream) if (said === "two") break;
    await until(() => a.chat.asked[0]?.context.signal.aborted === true);
    expect(await failureOf(stream.result())).toMatchObject({ code: "canceled" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(clock.pending).toBe(0);
  });

  it("is over once it has been read, and once its reader has left", async () => {
    const { client, trail } = setup();
    const done = { done: true, value: undefined };
    const read = client.health.watch({});
    await read.return?.();
    expect([await read.next(), await read.return?.()]).toEqual([done, done]);
    expect(trail).toEqual([]);
    const whole = client.chat.streamComplete({});
    await Array.fromAsync(whole);
    expect([await whole.next(), await whole.return?.()]).toEqual([done, done]);
  });

  it("stops waiting when the reader leaves before the first text", async () => {
    const { client, a } = setup();
    a.chat.before = ({ context }) => untilLeft(context);
    const stream = client.streamText(hello);
    const waiting = failureOf(stream.next());
    await until(() => a.chat.asked.length === 1);
    await stream.return?.();
    expect((await waiting).code).toBe("canceled");
    await until(() => a.chat.asked[0]?.context.signal.aborted === true);
  });
});

describe("stream", () => {
  it("gives every part in its own type", async () => {
    const { client, a } = setup();
    a.chat.pieces = [
      { case: "start", value: { id: "1", model: "m", createdAt: { seconds: 1n } } },
      { case: "reasoning", value: { choice: 0, text: "hm", signature: "s" } },
      text("x"),
      { case: "refusal", value: { choice: 0, text: "no" } },
      { case: "toolCallStart", value: { choice: 0, index: 1, id: "c", name: "f" } },
      { case: "toolCallArguments", value: { choice: 0, index: 1, arguments: "{" } },
      { case: "logprobs", value: { choice: 0, value: { kind: { case: "numberValue", value: 1 } } } },
      { case: "opaque", value: { choice: 0, extensions: { "openai-chat": { item: 1 } } } },
      { case: "finish", value: { choice: 0, reason: 2 } },
      { case: "usage", value: { inputTokens: 1n } },
    ];
    expect(await Array.fromAsync(client.stream(hello))).toMatchObject([
      { type: "start", id: "1", model: "m", createdAt: new Date(1_000) },
      { type: "reasoning", choice: 0, text: "hm", signature: "s" },
      { type: "text", choice: 0, text: "x" },
      { type: "refusal", choice: 0, text: "no" },
      { type: "tool-call-start", choice: 0, index: 1, id: "c", name: "f" },
      { type: "tool-call-arguments", choice: 0, index: 1, arguments: "{" },
      { type: "logprobs", choice: 0, value: 1 },
      { type: "opaque", choice: 0, extensions: { "openai-chat": { item: 1 } } },
      { type: "finish", choice: 0, reason: "length" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 0 } },
    ]);
  });
});

describe("failures", () => {
  it("say the server's own code, field, reason and request id", async () => {
    const { client, a } = setup();
    a.chat.before = () => {
      throw proxyError(Code.InvalidArgument, "invalid_request", {
        metadata: { field: "chat.messages", reason: "too_short" },
      });
    };
    const error = await failureOf(client.complete(hello));
    expect(error).toMatchObject({
      name: "LlmProxyError",
      code: "invalid_request",
      message: "it is invalid_request",
      field: "chat.messages",
      reason: "too_short",
      requestId: "server-id",
    });
    expect(error.cause).toBeInstanceOf(ConnectError);
  });

  it.each([
    [Code.PermissionDenied, "permission_denied"],
    [Code.Unimplemented, "endpoint_not_found"],
    [Code.Internal, "internal"],
    [Code.DeadlineExceeded, "deadline_exceeded"],
  ])("with nothing but the status %i are %s, and not tried again", async (status, code) => {
    const { client, a, trail } = setup();
    a.chat.before = () => {
      throw new ConnectError("no", status);
    };
    expect(await failureOf(client.complete(hello))).toMatchObject({ code, message: "no" });
    expect(trail).toEqual(["a"]);
  });

  it("have the id the call was sent with where the server says none", async () => {
    const { client, a } = setup();
    a.chat.before = () => {
      throw new ConnectError("no", Code.Internal);
    };
    const error = await failureOf(client.complete(hello, { headers: { "x-request-id": "mine" } }));
    expect(error.requestId).toBe("mine");
    expect(a.chat.asked[0]?.context.requestHeader.get("x-request-id")).toBe("mine");
    expect((await failureOf(client.complete(hello))).requestId).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("retries", () => {
  const failing = (...failures: ConnectError[]) => {
    const left = [...failures];
    return () => {
      const failure = left.shift();
      if (failure) throw failure;
    };
  };
  const alone = { baseUrls: ["http://a"] };

  it("back off further with each try, by chance", async () => {
    const { client, clock, a, trail } = setup(alone);
    a.chat.before = failing(lost(), lost());
    const answer = client.complete(hello);
    await clock.advance(124);
    expect(trail).toHaveLength(1);
    await clock.advance(1);
    expect(trail).toHaveLength(2);
    await clock.advance(249);
    expect(trail).toHaveLength(2);
    await clock.advance(1);
    expect((await answer).text).toBe("Hello world");
    expect(clock.pending).toBe(0);
  });

  it("end after as many tries as are allowed", async () => {
    const { client, clock, a, trail } = setup({ ...alone, retry: { attempts: 2 } });
    a.chat.before = failing(lost(), lost(), lost());
    const error = failureOf(client.complete(hello));
    await clock.advance(1_000);
    expect((await error).code).toBe("unavailable");
    expect(trail).toHaveLength(2);
  });

  it("never happen where one try is allowed", async () => {
    const { client, a, trail } = setup({ retry: { attempts: 1 } });
    a.chat.before = failing(lost());
    expect((await failureOf(client.complete(hello))).code).toBe("unavailable");
    expect(trail).toEqual(["a"]);
  });

  it("wait as long as the server asks, and a little by chance", async () => {
    const { client, clock, a, trail } = setup(alone);
    a.chat.before = failing(proxyError(Code.ResourceExhausted, "limit_exceeded", { retryAfterMs: 2_000 }));
    const answer = client.complete(hello);
    await clock.advance(2_124);
    expect(trail).toHaveLength(1);
    await clock.advance(1);
    expect((await answer).text).toBe("Hello world");
  });

  it("wait as long as a balancer in between asks", async () => {
    const { client, clock, a, trail } = setup(alone);
    a.chat.before = failing(new ConnectError("slow down", Code.ResourceExhausted, { "retry-after": "1" }));
    const answer = client.complete(hello);
    await clock.advance(1_000);
    expect(trail).toHaveLength(1);
    await clock.advance(125);
    expect((await answer).text).toBe("Hello world");
  });

  it.each([
    ["longer than the client waits", { retryAfterMs: 60_001 }, {}],
    ["beyond the deadline", { retryAfterMs: 5_000 }, { timeoutMs: 5_000 }],
  ])("do not happen when the server asks to wait %s", async (_what, saying, options) => {
    const { client, a, clock, trail } = setup(alone);
    a.chat.before = failing(proxyError(Code.ResourceExhausted, "limit_exceeded", saying));
    const error = await failureOf(client.complete(hello, options));
    expect(error).toMatchObject({ code: "limit_exceeded", ...saying });
    expect([trail.length, clock.pending]).toEqual([1, 0]);
  });

  it.each(["budget_exceeded", "too_large"])("do not happen after %s", async (code) => {
    const { client, a, trail } = setup();
    a.chat.before = failing(proxyError(Code.ResourceExhausted, code));
    expect((await failureOf(client.complete(hello))).code).toBe(code);
    expect(trail).toEqual(["a"]);
  });

  it("ask a model again that failed before its first word, and never after it", async () => {
    const { client, clock, a, trail } = setup(alone);
    a.chat.before = failing(proxyError(Code.Unavailable, "upstream_failed"));
    const answer = client.streamText(hello).result();
    await clock.advance(125);
    expect((await answer).text).toBe("Hello world");
    a.chat.pieces = [text("Hel"), proxyError(Code.Unavailable, "upstream_cut")];
    const stream = client.streamText(hello);
    expect((await stream.next()).value).toBe("Hel");
    expect((await failureOf(stream.next())).code).toBe("upstream_cut");
    expect((await failureOf(stream.result())).code).toBe("upstream_cut");
    expect(trail).toHaveLength(3);
  });

  it.each<[string, (client: LlmProxyClient) => Promise<unknown>, () => ConnectError, number]>([
    ["reading", (client) => client.keys.getKey({ id: "k" }), lost, 3],
    ["asking how it is", (client) => client.health.check({}), lost, 3],
    ["making something that may have been made", (client) => client.keys.createKey({}), lost, 1],
    [
      "making something that was refused for now",
      (client) => client.keys.createKey({}),
      () => proxyError(Code.ResourceExhausted, "limit_exceeded"),
      3,
    ],
  ])("of %s", async (_what, call, failure, tries) => {
    const { client, a, clock } = setup(alone);
    a.manage = () => {
      throw failure();
    };
    const error = failureOf(call(client));
    await clock.advance(1_000);
    await error;
    expect(a.managed).toBe(tries);
  });
});

describe("fail-over", () => {
  it("goes to the next server at once, and stays there", async () => {
    const { client, a, trail } = setup();
    a.chat.before = () => {
      throw lost();
    };
    await client.complete(hello);
    await client.complete(hello);
    expect(trail).toEqual(["a", "b", "b"]);
  });

  it("comes back only when the other one fails, also after the first has rested", async () => {
    const { client, clock, a, b, trail } = setup();
    a.chat.before = () => {
      throw lost();
    };
    await client.complete(hello);
    await clock.advance(10_000);
    a.chat.before = () => undefined;
    await client.complete(hello);
    b.chat.before = () => {
      throw lost();
    };
    await client.complete(hello);
    expect(trail).toEqual(["a", "b", "b", "b", "a"]);
  });

  it("waits when every server has failed", async () => {
    const { client, clock, a, b, trail } = setup();
    for (const server of [a, b])
      server.chat.before = () => {
        throw proxyError(Code.Unavailable, "overloaded", { retryAfterMs: 1_000 });
      };
    const error = failureOf(client.complete(hello));
    await clock.advance(1_124);
    expect(trail).toEqual(["a", "b"]);
    await clock.advance(1);
    expect(await error).toMatchObject({ code: "overloaded", retryAfterMs: 1_000 });
    expect(trail).toEqual(["a", "b", "a"]);
  });

  it("tries each of many servers once", async () => {
    const baseUrls = ["a", "b", "c", "d", "e"].map((name) => `http://${name}`);
    const clock = createFakeClock();
    const trail: string[] = [];
    const connect = (baseUrl: string): Transport =>
      createRouterTransport(({ service }) => {
        service(ChatService, {
          complete() {
            trail.push(baseUrl);
            if (baseUrl !== "http://e") throw lost();
            return {};
          },
        });
      });
    const client = createClient({ baseUrls, clock }, { connect, close: () => undefined });
    await client.complete(hello);
    expect(trail).toEqual(baseUrls);
  });

  it("stays with a server that answers, even if only to refuse", async () => {
    const { client, clock, a, b, trail } = setup();
    a.chat.before = () => {
      throw lost();
    };
    b.chat.before = () => {
      throw proxyError(Code.NotFound, "model_not_found");
    };
    await failureOf(client.complete(hello));
    await clock.advance(10_000);
    await failureOf(client.complete(hello));
    expect(trail).toEqual(["a", "b", "b"]);
  });

  it("does not follow a refusal that every server would repeat", async () => {
    const { client, a, trail } = setup();
    a.chat.before = () => {
      throw proxyError(Code.NotFound, "model_not_found");
    };
    expect((await failureOf(client.complete(hello))).code).toBe("model_not_found");
    expect(trail).toEqual(["a"]);
  });
});

describe("deadlines and signals", () => {
  it("end a call of which nothing is heard", async () => {
    const { client, clock, a } = setup();
    a.chat.before = ({ context }) => untilLeft(context);
    const error = failureOf(client.complete(hello, { timeoutMs: 500 }));
    await until(() => a.chat.asked.length === 1);
    await clock.advance(500);
    expect(await error).toMatchObject({ code: "deadline_exceeded" });
    expect((await error).message).toBe("the call took longer than 500 ms");
    expect(a.chat.asked[0]?.context.timeoutMs()).toBeLessThanOrEqual(500);
  });

  it("hold for all tries together", async () => {
    const { client, clock, a, trail } = setup({ baseUrls: ["http://a"], timeoutMs: 300 });
    a.chat.before = () => {
      throw lost();
    };
    const error = failureOf(client.complete(hello));
    await clock.advance(1_000);
    expect((await error).code).toBe("unavailable");
    expect(trail).toHaveLength(2);
  });

  it("end a stream in the middle", async () => {
    const { client, clock, a } = setup({ timeoutMs: 500 });
    a.chat.pieces = [text("Hel"), untilLeft];
    const stream = client.streamText(hello);
    await stream.next();
    const error = failureOf(stream.next());
    await clock.advance(500);
    expect((await error).code).toBe("deadline_exceeded");
    await until(() => a.chat.asked[0]?.context.signal.aborted === true);
  });

  it("end a call whose caller gives up, also while it waits for its next try", async () => {
    const { client, clock, a } = setup({ baseUrls: ["http://a"] });
    a.chat.before = () => {
      throw lost();
    };
    const abort = new AbortController();
    const error = failureOf(client.complete(hello, { signal: abort.signal }));
    await until(() => clock.pending === 2);
    abort.abort(new Error("enough"));
    expect(await error).toMatchObject({ code: "canceled", cause: { message: "enough" } });
    expect(clock.pending).toBe(0);
    expect((await failureOf(client.complete(hello, { signal: abort.signal }))).code).toBe("canceled");
  });

  it("leave nothing at the caller's signal", async () => {
    const { signal } = new AbortController();
    const { client } = setup();
    await client.complete(hello, { signal });
    await client.streamText(hello, { signal }).result();
    for await (const _ of client.stream(hello, { signal })) break;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each([
    ["the client's", { timeoutMs: 0 }, {}],
    ["the call's", {}, { timeoutMs: 0 }],
    ["the call's, beyond what can be told", {}, { timeoutMs: Number.POSITIVE_INFINITY }],
  ])("do not hold where the limit is none: %s", async (_what, options, callOptions) => {
    const { client, clock, a } = setup(options);
    const release = Promise.withResolvers<void>();
    a.chat.before = () => release.promise;
    const answer = client.complete(hello, callOptions);
    await until(() => a.chat.asked.length === 1);
    expect(clock.pending).toBe(0);
    expect(a.chat.asked[0]?.context.timeoutMs()).toBeUndefined();
    release.resolve();
    expect((await answer).text).toBe("Hello world");
  });

  it("do not end a watch, which is meant to last", async () => {
    const { client, clock } = setup();
    const watch = client.health.watch({});
    expect((await watch.next()).value?.status).toBe(1);
    expect(clock.pending).toBe(0);
    await watch.return?.();
  });
});

describe("tokens", () => {
  const expired = () => {
    throw proxyError(Code.Unauthenticated, "unauthenticated");
  };
  const sentBy = (chat: FakeChat) =>
    chat.asked.map(({ context }) => context.requestHeader.get("authorization"));

  it("are sent as they are, or not at all", async () => {
    const first = setup({ token: "sk-llp-1" });
    await first.client.complete(hello);
    expect(sentBy(first.a.chat)).toEqual(["Bearer sk-llp-1"]);
    const second = setup();
    await second.client.complete(hello);
    expect(sentBy(second.a.chat)).toEqual([null]);
  });

  it("are read once for all calls", async () => {
    let reads = 0;
    const { client, a } = setup({ token: async () => `t${++reads}` });
    await Promise.all([client.complete(hello), client.complete(hello)]);
    await client.complete(hello);
    expect(sentBy(a.chat)).toEqual(["Bearer t1", "Bearer t1", "Bearer t1"]);
  });

  it("are read again once, by all calls together, when the server does not accept them", async () => {
    let reads = 0;
    const { client, a } = setup({ token: () => `t${++reads}` });
    a.chat.before = ({ context }) => {
      if (context.requestHeader.get("authorization") === "Bearer t1") expired();
    };
    await Promise.all([client.complete(hello), client.streamText(hello).result(), client.complete(hello)]);
    expect(reads).toBe(2);
    expect(sentBy(a.chat).toSorted()).toEqual([...Array(3).fill("Bearer t1"), ...Array(3).fill("Bearer t2")]);
  });

  it.each([
    ["a token that cannot be renewed", "fixed", 1],
    ["a function that gives the same again", () => "same", 1],
    [
      "a new token that is not accepted either",
      (() => {
        let reads = 0;
        return () => `t${++reads}`;
      })(),
      2,
    ],
  ])("end the call for %s", async (_what, token, tries) => {
    const { client, a } = setup({ token });
    a.chat.before = expired;
    expect((await failureOf(client.complete(hello))).code).toBe("unauthenticated");
    expect(a.chat.asked).toHaveLength(tries);
  });

  it("that cannot be read end the call, not the client", async () => {
    let fails = true;
    const { client, trail } = setup({
      token() {
        if (fails) throw new Error("no file");
        return "t";
      },
    });
    const error = await failureOf(client.complete(hello));
    expect(error).toMatchObject({ code: "unauthenticated", cause: { message: "no file" } });
    expect(trail).toEqual([]);
    fails = false;
    expect((await client.complete(hello)).text).toBe("Hello world");
  });
});

describe("close", () => {
  it("breaks off what there is, and refuses what comes", async () => {
    const { client, clock, a } = setup();
    a.chat.before = ({ context }) => untilLeft(context);
    const waiting = [failureOf(client.complete(hello)), failureOf(client.streamText(hello).next())];
    await until(() => a.chat.asked.length === 2);
    client.close();
    for (const error of await Promise.all(waiting)) expect(error.code).toBe("canceled");
    expect((await failureOf(client.complete(hello))).message).toBe("the client was closed");
    expect((await failureOf(client.streamText(hello).next())).code).toBe("canceled");
    expect(clock.pending).toBe(0);
  });
});

describe("createClient", () => {
  it.each([[[]], [["localhost:8080"]], [["ftp://a"]], [["https://user:secret@a"]], [["https://a?key=1"]]])(
    "refuses the base URLs %j",
    (baseUrls) => {
      expect(() => setup({ baseUrls })).toThrow(TypeError);
    },
  );

  it("tells the headers it was given, and those of the call before them", async () => {
    const { client, a } = setup({ headers: { "x-team": "search", "x-kind": "all" } });
    await client.complete(hello, { headers: { "x-kind": "one" } });
    const header = a.chat.asked[0]?.context.requestHeader;
    expect([header?.get("x-team"), header?.get("x-kind")]).toEqual(["search", "one"]);
  });

  it("passes on headers and trailers of the answer", async () => {
    const { client, a } = setup();
    a.chat.before = ({ context }) => {
      context.responseHeader.set("x-llmproxy-model", "m");
      context.responseTrailer.set("x-last", "l");
    };
    const seen: (string | null)[] = [];
    const options = {
      onHeader: (headers: Headers) => void seen.push(headers.get("x-llmproxy-model")),
      onTrailer: (headers: Headers) => void seen.push(headers.get("x-last")),
    };
    await client.complete(hello, options);
    await client.stream(hello, options).result();
    expect(seen).toEqual(["m", "l", "m", "l"]);
  });
});
