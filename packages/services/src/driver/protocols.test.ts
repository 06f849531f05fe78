/**
 * What holds on every protocol alike, over real sockets.
 *
 * @module
 */

import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  ChatRole,
  ChatService,
  ConfigurationService,
  ErrorInfoSchema,
  Health,
  JwtService,
  KeyService,
  LlmProxyService,
  ProjectService,
  RetryInfoSchema,
} from "@llmproxy/proto";
import { ProxyError, type Reply } from "@llmproxy/spec";
import { expectNoLeaks, until } from "@llmproxy/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CallInput } from "../services-core.ts";
import type { Asked } from "../testing/fake-core.ts";
import { fakeReply, type Step, textParts } from "../testing/fake-reply.ts";
import { protocols, startTestServer, type TestServer } from "../testing/test-server.ts";
import { as, testServices } from "../testing/test-services.ts";

const hello = { userFragments: ["Hi"], modelName: "gpt-4o" };
const never = new Promise<never>(() => undefined);
const firstParts = (...texts: string[]): Step[] => textParts(...texts).slice(0, 1 + texts.length);

/** What the core does in the test that runs. */
let answer: (call: CallInput) => Reply | Promise<Reply>;
let before: (asked: Asked) => unknown;

const services = testServices({ answer: (call) => answer(call), before: (asked) => before(asked) });
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer(services.options);
});
afterAll(() => server.close());
beforeEach(() => {
  answer = () => fakeReply(textParts("Hello", " world"));
  before = () => undefined;
});

const valueOfNull = fromJson(ValueSchema, null);
const chat = { model: "gpt-4o", messages: [{ role: ChatRole.USER }] };

type CallOnce = (transport: Transport, options: CallOptions) => Promise<unknown>;

/** Calls each RPC that needs a permission once. */
const everyRpc: Readonly<Record<string, CallOnce>> = {
  GetServerInfo: (transport, options) => createClient(LlmProxyService, transport).getServerInfo({}, options),
  Execute: (transport, options) => createClient(LlmProxyService, transport).execute(hello, options),
  StreamExecute: (transport, options) =>
    Array.fromAsync(createClient(LlmProxyService, transport).streamExecute(hello, options)),
  CreateProject: (transport, options) => createClient(ProjectService, transport).createProject({}, options),
  GetProject: (transport, options) => createClient(ProjectService, transport).getProject({}, options),
  ListProjects: (transport, options) => createClient(ProjectService, transport).listProjects({}, options),
  UpdateProject: (transport, options) => createClient(ProjectService, transport).updateProject({}, options),
  CreateKey: (transport, options) => createClient(KeyService, transport).createKey({}, options),
  GetKey: (transport, options) => createClient(KeyService, transport).getKey({}, options),
  ListKeys: (transport, options) => createClient(KeyService, transport).listKeys({}, options),
  UpdateKey: (transport, options) => createClient(KeyService, transport).updateKey({}, options),
  RevokeKey: (transport, options) => createClient(KeyService, transport).revokeKey({}, options),
  Complete: (transport, options) => createClient(ChatService, transport).complete({ chat }, options),
  StreamComplete: (transport, options) =>
    Array.fromAsync(createClient(ChatService, transport).streamComplete({ chat }, options)),
  GetConfiguration: (transport, options) =>
    createClient(ConfigurationService, transport).getConfiguration({}, options),
  SetOverride: (transport, options) =>
    createClient(ConfigurationService, transport).setOverride({ value: valueOfNull }, options),
  DeleteOverride: (transport, options) =>
    createClient(ConfigurationService, transport).deleteOverride({}, options),
  IssueJwt: (transport, options) => createClient(JwtService, transport).issueJwt({}, options),
};

const allowed = {
  manager: Object.keys(everyRpc).filter((name) => !/(Execute|Complete)$/.test(name)),
  key: ["GetServerInfo", "Execute", "StreamExecute", "Complete", "StreamComplete"],
  auditor: ["GetServerInfo", "GetProject", "ListProjects", "GetKey", "ListKeys"],
};

/** The status a call ends with; undefined when it ends well. */
async function statusOf(call: Promise<unknown>): Promise<Code | undefined> {
  const error = await call.then(() => undefined, ConnectError.from);
  return error?.code;
}

const failureOf = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(() => expect.unreachable("it ended well"), ConnectError.from);

describe.each(protocols)("over %s", (protocol) => {
  const transport = (): Transport => server.transports[protocol];
  const stream = (options: CallOptions) =>
    createClient(LlmProxyService, transport()).streamExecute(hello, options)[Symbol.asyncIterator]();
  const getKey = (options: CallOptions) => createClient(KeyService, transport()).getKey({ id: "k" }, options);

  it.each(["manager", "key", "auditor"] as const)(
    "the %s may call what the role allows and no more",
    async (who) => {
      for (const [name, call] of Object.entries(everyRpc)) {
        const asked = services.core.asked.length;
        const status = await statusOf(call(transport(), as(who)));
        expect([name, status]).toEqual([
          name,
          allowed[who].includes(name) ? undefined : Code.PermissionDenied,
        ]);
        if (status !== undefined) expect(services.core.asked.length).toBe(asked);
      }
    },
  );

  it.each<[string, Record<string, string>]>([
    ["no credentials", {}],
    ["wrong credentials", { authorization: "Bearer wrong" }],
  ])("nobody may call anything with %s", async (_what, headers) => {
    for (const [name, call] of Object.entries(everyRpc))
      expect([name, await statusOf(call(transport(), { headers }))]).toEqual([name, Code.Unauthenticated]);
  });

  it("a call that is not allowed is refused by the core's own pipeline", async () => {
    await statusOf(createClient(LlmProxyService, transport()).execute(hello, as("auditor")));
    expect(services.core.calls.at(-1)).toMatchObject({
      endpoint: "/llmproxy.v1.LlmProxyService/Execute",
      refusal: { code: "permission_denied" },
      chat: { messages: [] },
      clientAddress: "127.0.0.1",
    });
  });

  it("a stream comes piece by piece", async () => {
    const second = Promise.withResolvers<void>();
    const steps = textParts("one", "two");
    answer = () => fakeReply([...steps.slice(0, 2), second.promise, ...steps.slice(2)]);
    const chunks = stream(as("key"));
    expect((await chunks.next()).value?.chunkType.value).toBe("one");
    second.resolve();
    expect((await chunks.next()).value?.chunkType.value).toBe("two");
    expect((await chunks.next()).value?.chunkType.case).toBe("complete");
    expect((await chunks.next()).value?.chunkType.case).toBe("finalMetrics");
    expect((await chunks.next()).done).toBe(true);
  });

  it("a stream that was cut ends with UNAVAILABLE after what was said", async () => {
    answer = () =>
      fakeReply([...firstParts("Hel"), new ProxyError("upstream_cut", "the provider broke off")]);
    const chunks = stream(as("key"));
    expect((await chunks.next()).value?.chunkType.case).toBe("textChunk");
    expect((await chunks.next()).value?.chunkType.case).toBe("error");
    expect(await statusOf(chunks.next())).toBe(Code.Unavailable);
  });

  it("an error arrives with its details and the time to try again", async () => {
    const details = { field: "rpm", reason: "rate_limited", retryAfterMs: 2500 };
    before = () => {
      throw new ProxyError("limit_exceeded", "too many requests", details);
    };
    const error = await failureOf(getKey(as("manager")));
    expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "too many requests"]);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "LIMIT_EXCEEDED", domain: "llmproxy", metadata: { field: "rpm", reason: "rate_limited" } },
    ]);
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([
      { retryDelay: { seconds: 2n, nanos: 500_000_000 } },
    ]);
    expect([error.metadata.get("retry-after"), error.metadata.get("retry-after-ms")]).toEqual(["3", "2500"]);
  });

  it("what nobody foresaw is hidden", async () => {
    before = () => {
      throw new Error("hunter2 in the file of the store");
    };
    const error = await failureOf(getKey(as("manager")));
    expect(JSON.stringify([error, String(error)])).not.toContain("hunter2");
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
  });

  it.each([
    ["its own", "my-request-1", "manager", /^my-request-1$/],
    ["its own, also when it is refused", "my-request-2", "wrong", /^my-request-2$/],
    ["one of ours, when its own is too short", "no", "manager", /^[0-9a-f-]{36}$/],
    ["one of ours, when it has none and is refused", undefined, "wrong", /^[0-9a-f-]{36}$/],
  ])("a request has %s id", async (_what, offered, who, expected) => {
    const ids = new Set<string | null>();
    const note = (received: Headers): void => void ids.add(received.get("x-request-id"));
    const id = offered === undefined ? {} : { "x-request-id": offered };
    const headers = { authorization: `Bearer ${who}`, ...id };
    await getKey({ headers, onHeader: note }).catch((reason) => note(ConnectError.from(reason).metadata));
    expect([...ids]).toEqual([expect.stringMatching(expected)]);
  });

  it("a deadline ends even a handler that does not care about it", async () => {
    before = () => never;
    expect(await statusOf(getKey({ ...as("manager"), timeoutMs: 30 }))).toBe(Code.DeadlineExceeded);
    const { signal } = services.core.asked.at(-1) ?? {};
    await until(() => signal?.aborted === true);
    // Client and server each have a timer; either may be first.
    expect(["deadline_exceeded", "canceled"]).toContain(signal?.reason.code);
  });

  it("a client that leaves before the first output ends its call", async () => {
    const called = Promise.withResolvers<AbortSignal>();
    answer = ({ signal }) => {
      called.resolve(signal);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    };
    const stop = new AbortController();
    const status = statusOf(stream({ ...as("key"), signal: stop.signal }).next());
    const signal = await called.promise;
    stop.abort();
    await until(() => signal.aborted);
    expect(signal.reason).toMatchObject({ code: "canceled" });
    expect(await status).toBe(Code.Canceled);
  });

  it("a client that leaves in the middle of a stream cancels the reply", async () => {
    const reply = fakeReply([...firstParts("Hel"), never]);
    answer = () => reply;
    const stop = new AbortController();
    const chunks = stream({ ...as("key"), signal: stop.signal });
    await chunks.next();
    stop.abort();
    await until(() => reply.canceledBy !== undefined);
    expect(reply.canceledBy).toMatchObject({ code: "canceled" });
  });

  it("a client that leaves while it is not reading cancels the reply", async () => {
    const reply = fakeReply(firstParts(...Array.from({ length: 200 }, () => "x".repeat(65_536))));
    answer = () => reply;
    const stop = new AbortController();
    const chunks = stream({ ...as("key"), signal: stop.signal });
    await chunks.next();
    stop.abort();
    await until(() => reply.canceledBy !== undefined);
  });

  it("a watch of health ends with its client and leaves nothing behind", async () => {
    const watch = async (): Promise<void> => {
      const stop = new AbortController();
      const client = createClient(Health, transport());
      const states = client.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
      expect((await states.next()).value?.status).toBe(1);
      services.health.set(false);
      expect((await states.next()).value?.status).toBe(2);
      services.health.set(true);
      stop.abort();
      await until(() => services.health.listeners === 0);
    };
    await watch();
    await expectNoLeaks(watch);
  });
});

describe("a shutdown", () => {
  it.each(protocols)("ends what is running with UNAVAILABLE: %s", async (protocol) => {
    const shutdown = new AbortController();
    const reply = fakeReply([...firstParts("Hel"), never]);
    const stopping = testServices({ answer: () => reply }, { shutdownSignal: shutdown.signal });
    const test = await startTestServer(stopping.options);
    try {
      const client = createClient(LlmProxyService, test.transports[protocol]);
      const chunks = client.streamExecute(hello, as("key"))[Symbol.asyncIterator]();
      await chunks.next();
      shutdown.abort();
      expect(await statusOf(chunks.next())).toBe(Code.Unavailable);
      expect(reply.canceledBy).toMatchObject({ code: "unavailable" });
    } finally {
      await test.close();
    }
  });
});
