import { getEventListeners, once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { ProxyError } from "@llmproxy/spec";
import {
  createFakeClock,
  createFakeUpstream,
  type FakeUpstream,
  freePort,
  jsonAnswer,
  until,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UpstreamRequest } from "./exchange.ts";
import { createUpstreamClient, type UpstreamClient, type UpstreamClientOptions } from "./upstream-client.ts";
import type { UpstreamResponse } from "./upstream-response.ts";

let upstream: FakeUpstream;
let clients: UpstreamClient[];

beforeEach(async () => {
  upstream = await createFakeUpstream();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await upstream.close();
});

function clientOf(options: Partial<UpstreamClientOptions> = {}): UpstreamClient {
  const client = createUpstreamClient({
    provider: "fake",
    baseUrl: `${upstream.url}/v1`,
    allowPrivate: true,
    ...options,
  });
  clients.push(client);
  return client;
}

function post(client: UpstreamClient, request: Partial<UpstreamRequest> = {}): Promise<UpstreamResponse> {
  return client.request({
    method: "POST",
    path: "/chat/completions",
    headers: { "content-type": "application/json" },
    body: [Buffer.from('{"a"'), Buffer.from(":1}")],
    signal: new AbortController().signal,
    ...request,
  });
}

async function textOf(response: UpstreamResponse): Promise<string> {
  let text = "";
  for (let chunk = await response.read(); chunk; chunk = await response.read()) text += chunk.toString();
  return text;
}

/** A TCP server that does nothing but what a test does with its connections. */
async function tcpServer(
  onConnection: (socket: Socket) => void,
): Promise<Server & { readonly port: number }> {
  const server = createServer(onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

/** A stream whose chunks come when the test says so. */
function heldStream() {
  const gates: (() => void)[] = [];
  let ended = false;
  async function* stream(): AsyncGenerator<string> {
    for (let index = 0; !ended; index += 1) {
      yield `chunk ${index}`;
      await new Promise<void>((resolve) => gates.push(resolve));
    }
  }
  return {
    stream: stream(),
    async next(): Promise<void> {
      await until(() => gates.length > 0);
      gates.shift()?.();
    },
    async end(): Promise<void> {
      ended = true;
      await this.next();
    },
  };
}

const left = new ProxyError("canceled", "the client left");

describe("createUpstreamClient", () => {
  it("sends a request below the base url", async () => {
    upstream.respond(jsonAnswer({ ok: true }, { status: 201, headers: { "x-request-id": "abc" } }));
    const response = await post(clientOf(), {
      headers: { "content-type": "application/json", "x-test": "1" },
    });
    expect(response).toMatchObject({ status: 201, headers: { "x-request-id": "abc" } });
    expect(await textOf(response)).toBe('{"ok":true}');
    expect(response.complete).toBe(true);
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: "POST", path: "/v1/chat/completions" });
    expect(request?.body.toString()).toBe('{"a":1}');
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      "content-type": "application/json",
      "x-test": "1",
      "accept-encoding": "identity",
      "content-length": "7",
      connection: "keep-alive",
    });
  });

  it("sends no body with GET", async () => {
    upstream.respond(jsonAnswer({}));
    await textOf(await post(clientOf(), { method: "GET", body: [] }));
    expect(upstream.requests[0]?.headers).not.toHaveProperty("content-length");
    expect(upstream.requests[0]?.headers).not.toHaveProperty("transfer-encoding");
  });

  it("tells the phases as they come", async () => {
    const phases: string[] = [];
    upstream.respond(jsonAnswer({}));
    await textOf(await post(clientOf(), { onPhase: (phase) => phases.push(phase) }));
    expect(phases).toEqual(["connecting", "headers"]);
  });

  it("uses one connection for requests that follow one another", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf();
    for (let index = 0; index < 5; index += 1) await textOf(await post(client));
    expect(upstream.connections).toBe(1);
  });

  it("leaves nothing behind when an exchange is over", async () => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    upstream.respond(jsonAnswer({}));
    await textOf(await post(clientOf({ clock }), { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("hands out in one piece what has arrived since the last read", async () => {
    upstream.respond({ stream: ["a", "b", "c"] });
    const response = await post(clientOf());
    await upstream.waitForClose();
    await until(() => response.complete);
    expect((await response.read())?.toString()).toBe("abc");
    expect(await response.read()).toBeUndefined();
    expect(await response.read()).toBeUndefined();
  });

  it("makes the upstream wait while nobody reads", async () => {
    const chunk = Buffer.alloc(65_536, "x");
    upstream.respond({ stream: Array.from({ length: 2_000 }, () => chunk) });
    const response = await post(clientOf());
    let before = -1;
    const [request] = upstream.requests;
    await until(async () => {
      const stands = request?.bytesSent === before;
      before = request?.bytesSent ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return stands;
    });
    // What is on its way are the buffers of both kernels, not the 125 MiB of the answer.
    expect(request?.bytesSent).toBeLessThan(16 * 1_048_576);
    let size = 0;
    for (let piece = await response.read(); piece; piece = await response.read()) size += piece.length;
    expect(size).toBe(2_000 * chunk.length);
  });

  it("refuses more exchanges than it may have, at once, and lets the next one in", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf({ maxConnections: 1 });
    const first = post(client);
    await expect(post(client)).rejects.toMatchObject({ code: "overloaded" });
    await textOf(await first);
    await textOf(await post(client));
    expect(upstream.requests).toHaveLength(2);
  });

  it("does not count background requests", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf({ maxConnections: 1 });
    const responses = await Promise.all([
      post(client, { background: true }),
      post(client),
      post(client, { background: true }),
    ]);
    await Promise.all(responses.map(textOf));
    expect(upstream.requests).toHaveLength(3);
  });

  it("closes idle connections at once and the others after their answer", async () => {
    const held = heldStream();
    upstream.respond(jsonAnswer({}), { stream: held.stream });
    const client = clientOf();
    await textOf(await post(client));
    const response = await post(client);
    client.close();
    await held.end();
    expect(await textOf(response)).toBe("chunk 0");
    await until(() => upstream.openConnections === 0);
  });

  it("closes the connection of an answer that came before the request was read", async () => {
    const server = await tcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("readable", () => socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"));
    });
    const connection = once(server, "connection");
    const client = clientOf({ baseUrl: `http://127.0.0.1:${server.port}` });
    const response = await post(client, { body: [Buffer.alloc(32 * 1_048_576)] });
    expect(response.status).toBe(413);
    expect(await textOf(response)).toBe("no");
    const [socket] = (await connection) as [Socket];
    socket.resume();
    await once(socket, "close");
    expect(socket.bytesRead).toBeLessThan(32 * 1_048_576);
    server.close();
  });
});

describe("answers that are not accepted", () => {
  it.each([301, 302, 303, 307, 308, 304])("does not follow %d", async (status) => {
    await using other = await createFakeUpstream();
    upstream.respond({ status, headers: { location: `${other.url}/v1` }, body: "" });
    await expect(post(clientOf())).rejects.toMatchObject({
      code: "upstream_failed",
      status: 502,
      message: 'provider "fake" answered with a redirect, which is not followed; check its base_url',
    });
    expect(other.requests).toEqual([]);
    await until(() => upstream.openConnections === 0);
  });

  it.each(["gzip", "br", "deflate, gzip"])("refuses the content encoding %s", async (encoding) => {
    upstream.respond(jsonAnswer({}, { headers: { "content-encoding": encoding } }));
    await expect(post(clientOf())).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" answered with a content encoding that was not asked for',
    });
  });

  it("takes the content encoding identity for none", async () => {
    upstream.respond(jsonAnswer({}, { headers: { "content-encoding": "identity" } }));
    expect(await textOf(await post(clientOf()))).toBe("{}");
  });

  it("refuses headers of more than 64 KiB", async () => {
    upstream.respond(jsonAnswer({}, { headers: { "x-large": "x".repeat(66_000) } }));
    await expect(post(clientOf())).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" answered with headers larger than 64 KiB',
    });
  });

  it.each([
    ["what is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["two content lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    [
      "length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  ])("refuses %s", async (_, raw) => {
    upstream.respond({ raw });
    await expect(post(clientOf())).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" answered with what is not valid HTTP',
    });
  });

  it("does not switch protocols", async () => {
    upstream.respond({
      raw: "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    });
    await expect(post(clientOf())).rejects.toMatchObject({ code: "upstream_cut" });
    await until(() => upstream.openConnections === 0);
  });

  it.each([
    ["103", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"],
    ["100, which was not asked for", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["several", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"],
  ])("passes informational answers over: %s", async (_, interim) => {
    upstream.respond({ raw: `${interim}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok` });
    const response = await post(clientOf());
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe("ok");
  });

  it("passes an informational answer over that comes by itself, on every request of a connection", async () => {
    const server = await tcpServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        setImmediate(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nHTTP/1.1 100"));
      });
    });
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const client = clientOf({ baseUrl: `http://127.0.0.1:${server.port}` });
    for (let index = 0; index < 3; index += 1) expect(await textOf(await post(client))).toBe("HTTP/1.1 100");
    expect(connections).toBe(1);
    server.close();
  });
});

describe("upstreams that cannot be reached", () => {
  it("says that the connection was refused, without the address", async () => {
    const client = clientOf({ baseUrl: `http://127.0.0.1:${await freePort()}/v1` });
    await expect(post(client)).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" could not be reached: the connection was refused',
    });
  });

  it("says that the name does not resolve", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error("queryA ENOTFOUND"), { code: "ENOTFOUND" }));
    await expect(post(clientOf({ baseUrl: "http://models.test/v1", lookup }))).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" could not be reached: its host name does not resolve',
    });
  });

  it.each(["cut", "reset", "half-close"] as const)("takes a %s before the answer for a cut", async (kind) => {
    upstream.respond({ body: "{}", fault: { kind } });
    await expect(post(clientOf())).rejects.toMatchObject({
      code: "upstream_cut",
      message: 'provider "fake" closed the connection before it answered',
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(["cut", "reset", "half-close"] as const)(
    "gives what came before a %s of the body, then fails",
    async (kind) => {
      upstream.respond({ stream: ["whole", "half"], fault: { kind, afterBytes: 7 } });
      const clock = createFakeClock();
      const { signal } = new AbortController();
      const response = await post(clientOf({ clock }), { signal });
      let text = "";
      const reading = (async () => {
        for (;;) text += await response.read();
      })();
      await expect(reading).rejects.toMatchObject({
        code: "upstream_cut",
        message: 'provider "fake" closed the connection in the middle of its answer',
      });
      expect(text).toBe("wholeha");
      expect(response.complete).toBe(false);
      await expect(response.read()).rejects.toMatchObject({ code: "upstream_cut" });
      expect(getEventListeners(signal, "abort")).toEqual([]);
      expect(clock.pending).toBe(0);
    },
  );

  it("tells of a failure before the reader comes to it", async () => {
    upstream.respond({ stream: ["abc"], fault: { kind: "reset", afterBytes: 3 } });
    const response = await post(clientOf());
    const failed = new Promise<ProxyError>((resolve) => response.onFailure(resolve));
    expect((await failed).code).toBe("upstream_cut");
    response.onFailure((error) => expect(error.code).toBe("upstream_cut"));
    expect((await response.read())?.toString()).toBe("abc");
  });
});

describe("pooled connections that their peer closes", () => {
  it.each(["cut", "reset"] as const)(
    "sends a request again, once, on a fresh connection after a %s",
    async (kind) => {
      upstream.respond(
        jsonAnswer({ first: true }),
        { body: "{}", fault: { kind } },
        jsonAnswer({ again: true }),
      );
      const client = clientOf();
      await textOf(await post(client));
      const phases: string[] = [];
      expect(await textOf(await post(client, { onPhase: (phase) => phases.push(phase) }))).toBe(
        '{"again":true}',
      );
      expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
      expect(phases).toEqual(["connecting", "headers", "connecting", "headers"]);
    },
  );

  it("takes no other pooled connection for a fresh one", async () => {
    upstream.respond(jsonAnswer({}), jsonAnswer({}), { body: "{}", fault: { kind: "cut" } }, jsonAnswer({}));
    const client = clientOf();
    await Promise.all([post(client).then(textOf), post(client).then(textOf)]);
    await textOf(await post(client));
    expect(upstream.requests.map(({ connection }) => connection).at(-1)).toBe(3);
    await until(() => upstream.openConnections === 1);
  });

  it("gives up when the fresh connection is closed too", async () => {
    upstream.respond(jsonAnswer({}), { body: "{}", fault: { kind: "cut" } });
    const client = clientOf();
    await textOf(await post(client));
    await expect(post(client)).rejects.toMatchObject({ code: "upstream_cut" });
    expect(upstream.requests).toHaveLength(3);
  });

  it("does not send again what the upstream has had for a tenth of a second", async () => {
    const clock = createFakeClock();
    upstream.respond(jsonAnswer({}), async () => {
      await clock.advance(100);
      return { body: "{}", fault: { kind: "cut" } };
    });
    const client = clientOf({ clock });
    await textOf(await post(client));
    await expect(post(client)).rejects.toMatchObject({ code: "upstream_cut" });
    expect(upstream.requests).toHaveLength(2);
  });

  it("takes a fresh connection when the pooled one was closed before the request", async () => {
    upstream.respond(jsonAnswer({}, { headers: { connection: "close" } }));
    const client = clientOf();
    const phases: string[] = [];
    for (let index = 0; index < 3; index += 1)
      await textOf(await post(client, { onPhase: (phase) => phases.push(phase) }));
    expect(upstream.connections).toBe(3);
    expect(phases).toEqual(Array.from({ length: 3 }, () => ["connecting", "headers"]).flat());
  });

  it("never takes what came on an idle connection for the answer to the next request", async () => {
    const forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    const server = await tcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nreal${forged}`));
    });
    const client = clientOf({ baseUrl: `http://127.0.0.1:${server.port}` });
    for (let index = 0; index < 3; index += 1) expect(await textOf(await post(client))).toBe("real");
    server.close();
  });

  it("does not send again when a part of an answer has come", async () => {
    upstream.respond(jsonAnswer({}), { raw: "HTTP/1.1 200 OK\r\n" });
    const client = clientOf();
    await textOf(await post(client));
    await expect(post(client)).rejects.toMatchObject({ code: "upstream_cut" });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe("time limits", () => {
  const timeouts = { connectMs: 100, firstByteMs: 1_000, idleMs: 300, totalMs: 5_000 };

  async function expectTimeout(
    promise: Promise<unknown>,
    key: string,
    clock = createFakeClock(),
  ): Promise<void> {
    await expect(promise).rejects.toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining(`(providers[].timeout.${key})`),
    });
    expect(clock.pending).toBe(0);
  }

  it("limits name resolution and connection", async () => {
    const clock = createFakeClock();
    const lookup = () => new Promise<never>(() => {});
    const failure = expectTimeout(
      post(clientOf({ clock, timeouts, lookup, baseUrl: "http://models.test" })),
      "connect",
      clock,
    );
    await clock.advance(100);
    await failure;
  });

  it("limits the TLS handshake", async () => {
    const server = await tcpServer((socket) => socket.on("error", () => {}));
    const accepted = once(server, "connection");
    const clock = createFakeClock();
    const failure = expectTimeout(
      post(clientOf({ clock, timeouts, baseUrl: `https://127.0.0.1:${server.port}` })),
      "connect",
      clock,
    );
    const [socket] = (await accepted) as [Socket];
    socket.resume();
    const closed = once(socket, "close");
    await clock.advance(100);
    await failure;
    await closed;
    server.close();
  });

  it.each([
    ["the status line", undefined],
    ["the body", 0],
  ])("limits the wait for %s", async (_, afterBytes) => {
    const clock = createFakeClock();
    const fault =
      afterBytes === undefined ? { kind: "stall" as const } : { kind: "stall" as const, afterBytes };
    upstream.respond({ stream: ["x"], fault });
    const response = post(clientOf({ clock, timeouts }));
    const failure = expectTimeout(
      response.then((answer) => answer.read()),
      "first_byte",
      clock,
    );
    await upstream.waitForRequest();
    if (afterBytes === 0) await response;
    await clock.advance(999);
    expect(upstream.openConnections).toBe(1);
    await clock.advance(1);
    await failure;
    await until(() => upstream.openConnections === 0);
  });

  it("limits the wait between two pieces, anew after each", async () => {
    const clock = createFakeClock();
    const held = heldStream();
    upstream.respond({ stream: held.stream });
    const response = await post(clientOf({ clock, timeouts }));
    for (let index = 0; index < 5; index += 1) {
      expect((await response.read())?.toString()).toBe(`chunk ${index}`);
      await clock.advance(299);
      await held.next();
    }
    expect((await response.read())?.toString()).toBe("chunk 5");
    const failure = expectTimeout(response.read(), "idle", clock);
    await clock.advance(300);
    await failure;
    await until(() => upstream.openConnections === 0);
  });

  it("does not blame the upstream while nobody reads", async () => {
    const clock = createFakeClock();
    const held = heldStream();
    upstream.respond({ stream: held.stream });
    const response = await post(clientOf({ clock, timeouts }));
    expect((await response.read())?.toString()).toBe("chunk 0");
    await clock.advance(4_000);
    await held.next();
    expect((await response.read())?.toString()).toBe("chunk 1");
    response.destroy();
  });

  it("limits the whole exchange", async () => {
    const clock = createFakeClock();
    const held = heldStream();
    upstream.respond({ stream: held.stream });
    const response = await post(clientOf({ clock, timeouts }));
    const failed = new Promise<ProxyError>((resolve) => response.onFailure(resolve));
    await clock.advance(5_000);
    expect(await failed).toMatchObject({ code: "deadline_exceeded" });
    await expectTimeout(response.read(), "total", clock);
    await until(() => upstream.openConnections === 0);
  });
});

describe("aborting", () => {
  it("asks nobody when the signal has aborted already", async () => {
    await expect(post(clientOf(), { signal: AbortSignal.abort(left) })).rejects.toBe(left);
    expect(upstream.connections).toBe(0);
  });

  it("frees the place of an exchange it ends", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf({ maxConnections: 1 });
    await expect(post(client, { signal: AbortSignal.abort(left) })).rejects.toBe(left);
    expect(await textOf(await post(client))).toBe("{}");
  });

  it.each([
    [
      "in the tick of the request",
      async () => {
        upstream.respond(jsonAnswer({}));
        return {};
      },
    ],
    [
      "while the name is resolved",
      async () => {
        const looking = Promise.withResolvers<void>();
        const lookup = () => {
          looking.resolve();
          return new Promise<never>(() => {});
        };
        return { options: { lookup, baseUrl: "http://models.test" }, ready: () => looking.promise };
      },
    ],
    [
      "after the request was sent",
      async () => {
        upstream.respond({ body: "{}", fault: { kind: "stall" as const } });
        return { ready: () => upstream.waitForRequest() };
      },
    ],
    [
      "while the request is sent",
      async () => {
        const server = await tcpServer((socket) => socket.pause().on("error", () => {}));
        const accepted = once(server, "connection");
        return {
          options: { baseUrl: `http://127.0.0.1:${server.port}` },
          request: { body: [Buffer.alloc(64 * 1_048_576)] },
          ready: () => accepted,
          async finish() {
            const [socket] = (await accepted) as [Socket];
            socket.resume();
            await once(socket, "close");
            server.close();
          },
        };
      },
    ],
    [
      "during the TLS handshake",
      async () => {
        const server = await tcpServer((socket) => socket.on("error", () => {}));
        const accepted = once(server, "connection");
        return {
          options: { baseUrl: `https://127.0.0.1:${server.port}` },
          ready: () => accepted,
          async finish() {
            const [socket] = (await accepted) as [Socket];
            socket.resume();
            await once(socket, "close");
            server.close();
          },
        };
      },
    ],
  ] as [string, () => Promise<AbortCase>][])("closes the connection %s", async (_, prepare) => {
    const { options, request, ready, finish } = await prepare();
    const clock = createFakeClock();
    const controller = new AbortController();
    const response = post(clientOf({ clock, ...options }), { signal: controller.signal, ...request });
    await ready?.();
    controller.abort(left);
    await expect(response).rejects.toBe(left);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(clock.pending).toBe(0);
    await finish?.();
    await until(() => upstream.openConnections === 0);
  });

  it.each([
    ["after the headers", 0],
    ["in the body", 1],
  ])("closes the connection %s", async (_, reads) => {
    const clock = createFakeClock();
    const held = heldStream();
    upstream.respond({ stream: held.stream });
    const controller = new AbortController();
    const response = await post(clientOf({ clock }), { signal: controller.signal });
    if (reads > 0) await response.read();
    const pending = reads > 0 ? [response.read()] : [];
    controller.abort(left);
    for (const read of pending) await expect(read).rejects.toBe(left);
    await expect(response.read()).rejects.toBe(left);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(clock.pending).toBe(0);
    await until(() => upstream.openConnections === 0);
    expect((await upstream.waitForClose()).isAborted).toBe(true);
  });

  it("does not keep a connection that was being made", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf();
    const controller = new AbortController();
    const response = post(client, { signal: controller.signal });
    controller.abort(left);
    await expect(response).rejects.toBe(left);
    await textOf(await post(client));
    await until(() => upstream.openConnections === 1);
    expect(upstream.requests).toHaveLength(1);
  });

  it("takes an abort that is no error of ours for a cancellation", async () => {
    await expect(post(clientOf(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "canceled",
    });
  });
});

interface AbortCase {
  readonly options?: Partial<UpstreamClientOptions>;
  readonly request?: Partial<UpstreamRequest>;
  readonly ready?: () => Promise<unknown>;
  readonly finish?: () => Promise<void>;
}

describe("destroy", () => {
  it.each([
    ["with an error, which reads then throw", left],
    ["without, and reads end", undefined],
  ])("closes the connection %s", async (_, error) => {
    const held = heldStream();
    upstream.respond({ stream: held.stream });
    const { signal } = new AbortController();
    const response = await post(clientOf(), { signal });
    await response.read();
    const pending = response.read();
    response.destroy(error);
    if (error) await expect(pending).rejects.toBe(error);
    else expect(await pending).toBeUndefined();
    response.destroy(new ProxyError("internal", "too late"));
    if (error) await expect(response.read()).rejects.toBe(error);
    else expect(await response.read()).toBeUndefined();
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await until(() => upstream.openConnections === 0);
  });

  it("does nothing to the connection of an answer that has ended", async () => {
    upstream.respond(jsonAnswer({}));
    const client = clientOf();
    const response = await post(client);
    await textOf(response);
    response.destroy();
    await textOf(await post(client));
    expect(upstream.connections).toBe(1);
  });
});
