import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Code } from "@connectrpc/connect";
import { ChatService, KeyService } from "@llmproxy/proto";
import { createFaultProxy, expectNoLeaks, type FaultProxy, freePort, until } from "@llmproxy/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createLlmProxyClient,
  type LlmProxyClient,
  type LlmProxyClientOptions,
  LlmProxyError,
} from "./node.ts";
import { proxyError } from "./testing/error-details.ts";
import { createFakeChat, type FakeChat, text, untilLeft } from "./testing/fake-chat.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";

const hello = { model: "fast", user: "Hello" };
let chat: FakeChat;
let server: TestServer;
let created = 0;

beforeAll(async () => {
  server = await startTestServer(({ service }) => {
    service(ChatService, {
      complete: (request, context) => chat.complete(request, context),
      streamComplete: (request, context) => chat.streamComplete(request, context),
    });
    service(KeyService, {
      createKey() {
        created++;
        return { secret: "sk-llp" };
      },
    });
  });
});
afterAll(() => server.close());

const clients: LlmProxyClient[] = [];
const proxies: FaultProxy[] = [];
beforeEach(() => {
  chat = createFakeChat();
  created = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

function clientOf(options: LlmProxyClientOptions): LlmProxyClient {
  const client = createLlmProxyClient({ random: () => 0, ...options });
  clients.push(client);
  return client;
}

/** The server behind a proxy that breaks it. */
async function faulty(): Promise<{ readonly proxy: FaultProxy; readonly url: string }> {
  const proxy = await createFaultProxy({ target: { port: server.ports.http2 } });
  proxies.push(proxy);
  return { proxy, url: `http://127.0.0.1:${proxy.port}` };
}

const failureOf = (work: Promise<unknown>): Promise<LlmProxyError> =>
  work.then(
    () => expect.unreachable("it ended well"),
    (reason) => {
      if (LlmProxyError.is(reason)) return reason;
      throw reason;
    },
  );

describe.each<[string, Omit<LlmProxyClientOptions, "baseUrls">]>([
  ["Connect over HTTP/2", {}],
  ["Connect over HTTP/1.1", { httpVersion: "1.1" }],
  ["gRPC", { protocol: "grpc" }],
  ["gRPC-Web over HTTP/2", { protocol: "grpc-web" }],
  ["gRPC-Web over HTTP/1.1", { protocol: "grpc-web", httpVersion: "1.1" }],
])("a client by %s", (_name, options) => {
  const baseUrls = () => [options.httpVersion === "1.1" ? server.http1 : server.http2];

  it("asks and streams", async () => {
    const client = clientOf({ baseUrls: baseUrls(), token: "sk-llp-1", ...options });
    expect((await client.complete(hello)).text).toBe("Hello world");
    expect(await Array.fromAsync(client.streamText(hello))).toEqual(["Hello", " world"]);
    expect(chat.asked[0]?.context.requestHeader.get("authorization")).toBe("Bearer sk-llp-1");
  });

  it("tells what the server says is wrong", async () => {
    chat.before = () => {
      throw proxyError(Code.ResourceExhausted, "budget_exceeded", {
        metadata: { field: "x" },
        retryAfterMs: 1_500,
      });
    };
    const client = clientOf({ baseUrls: baseUrls(), ...options });
    const expected = { code: "budget_exceeded", field: "x", retryAfterMs: 1_500, requestId: "server-id" };
    expect(await failureOf(client.complete(hello))).toMatchObject(expected);
    expect(await failureOf(client.streamText(hello).next())).toMatchObject(expected);
  });

  it("lets go of the answer when its reader leaves, and leaves nothing behind", async () => {
    chat.pieces = [text("one"), untilLeft];
    await expectNoLeaks(async () => {
      const client = createLlmProxyClient({ baseUrls: baseUrls(), ...options });
      for await (const _ of client.streamText(hello)) break;
      await until(() => chat.asked[0]?.context.signal.aborted === true);
      client.close();
    });
  });

  it("lets go of the answer when its deadline passes", async () => {
    chat.pieces = [text("one"), untilLeft];
    const client = clientOf({ baseUrls: baseUrls(), ...options });
    const reading = Array.fromAsync(client.streamText(hello, { timeoutMs: 100 }));
    expect((await failureOf(reading)).code).toBe("deadline_exceeded");
    await until(() => chat.asked[0]?.context.signal.aborted === true);
  });
});

describe("createLlmProxyClient", () => {
  it("sends all calls over one connection", async () => {
    const before = server.sessions();
    const client = clientOf({ baseUrls: [server.http2] });
    await Promise.all([client.complete(hello), client.complete(hello), client.streamText(hello).result()]);
    await client.complete(hello);
    expect(server.sessions()).toBe(before + 1);
  });

  it("does not speak gRPC over HTTP/1.1", () => {
    expect(() => clientOf({ baseUrls: [server.http1], protocol: "grpc", httpVersion: "1.1" })).toThrow(
      'httpVersion: expected "2"',
    );
  });

  it("closes while calls are on their way, without a rejection nobody handles", async () => {
    chat.pieces = [text("one"), untilLeft];
    chat.before = ({ chat: asked, context }) => asked?.model === "slow" && untilLeft(context);
    await expectNoLeaks(async () => {
      const client = createLlmProxyClient({ baseUrls: [server.http2] });
      const stream = client.streamText(hello);
      await stream.next();
      const waiting = [failureOf(stream.next()), failureOf(client.complete({ ...hello, model: "slow" }))];
      await until(() => chat.asked.length === 2);
      client.close();
      for (const error of await Promise.all(waiting)) expect(error.code).toBe("canceled");
    });
  });
});

describe("fail-over", () => {
  it("passes over a server that is not there, also for what must not be done twice", async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const client = clientOf({ baseUrls: [gone, server.http2] });
    expect((await client.keys.createKey({})).secret).toBe("sk-llp");
    expect(created).toBe(1);
    expect((await client.complete(hello)).text).toBe("Hello world");
  });

  it("does not wait long for a server that does not let it in", async () => {
    // TLS begins with the client's word, and this server never answers it.
    const silent = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    try {
      const client = clientOf({
        baseUrls: [`https://127.0.0.1:${port}`, server.http2],
        connectTimeoutMs: 50,
      });
      expect((await client.keys.createKey({})).secret).toBe("sk-llp");
      client.close();
    } finally {
      silent.close();
      await once(silent, "close");
    }
  });

  it("leaves a server whose connection breaks before the answer", async () => {
    const { proxy, url } = await faulty();
    chat.before = ({ context }) => (chat.asked.length === 1 ? untilLeft(context) : undefined);
    const client = clientOf({ baseUrls: [url, server.http2] });
    const answer = client.complete(hello);
    await until(() => chat.asked.length === 1);
    proxy.cut();
    expect((await answer).text).toBe("Hello world");
    expect(proxy.connections).toBe(1);
    await client.complete(hello);
    expect(proxy.connections).toBe(1);
  });

  it("tells of a connection that breaks within the answer, which is not asked for again", async () => {
    const { proxy, url } = await faulty();
    chat.pieces = [text("Hel"), untilLeft];
    const client = clientOf({ baseUrls: [url, server.http2] });
    const stream = client.streamText(hello);
    expect((await stream.next()).value).toBe("Hel");
    proxy.cut();
    expect((await failureOf(stream.next())).code).toBe("unavailable");
    expect(chat.asked).toHaveLength(1);
  });

  it("does not make a second time what may have been made", async () => {
    const { proxy, url } = await faulty();
    proxy.cutAfterBytes = 1;
    const client = clientOf({ baseUrls: [url, server.http2] });
    expect((await failureOf(client.keys.createKey({}))).code).toBe("unavailable");
    expect(created).toBeLessThanOrEqual(1);
  });

  it("comes back to a server that was down when it is the only one", async () => {
    const { proxy, url } = await faulty();
    const client = clientOf({ baseUrls: [url] });
    await client.complete(hello);
    proxy.refuse();
    proxy.cut();
    expect((await failureOf(client.complete(hello))).code).toBe("unavailable");
    await proxy.resume();
    expect((await client.complete(hello)).text).toBe("Hello world");
  });

  it("ends in time when a server says nothing any more", async () => {
    const { proxy, url } = await faulty();
    const client = clientOf({ baseUrls: [url] });
    await client.complete(hello);
    proxy.stall();
    expect((await failureOf(client.complete(hello, { timeoutMs: 100 }))).code).toBe("deadline_exceeded");
  });
});
