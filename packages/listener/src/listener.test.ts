import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { createFakeClock, createMemoryLogger, expectNoLeaks } from "@llmproxy/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { createListener } from "./listener.ts";
import { clientPreface, requestFrame } from "./test-support/http2-frames.ts";
import { RawClient } from "./test-support/raw-client.ts";
import { gate, type Serving, serve } from "./test-support/serve.ts";

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
const handler = () => {};

function session({ port }: Serving): ClientHttp2Session {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  return client;
}

describe("createListener", () => {
  it.each([
    ["127.0.0.1", /^http:\/\/127\.0\.0\.1:(\d+)$/],
    ["::1", /^http:\/\/\[::1\]:(\d+)$/],
    ["localhost", /^http:\/\/(?:127\.0\.0\.1|\[::1\]):(\d+)$/],
  ])("says where %s is reached", async (host, pattern) => {
    const { listener } = await serve({ host, handler: (_request, response) => response.end("here") });
    expect(listener.url).toMatch(pattern);
    expect(pattern.exec(listener.url)?.[1]).toBe(String(listener.address.port));
    expect(await (await fetch(`${listener.url}/x`)).text()).toBe("here");
  });

  it("says that the port is in use", async () => {
    const { port } = await serve();
    await expect(createListener({ host: "127.0.0.1", port, handler })).rejects.toMatchObject({
      name: "ProxyError",
      code: "conflict",
      field: "port",
      message: `port ${port} on 127.0.0.1 is already in use; choose another port or stop the program that uses it`,
    });
  });

  it.each([
    [{ host: "192.0.2.1", port: 0 }, "host"],
    [{ host: "127.0.0.1", port: 70_000 }, "port"],
    [{ host: "127.0.0.1", port: -1 }, "port"],
    [{ host: "127.0.0.1", port: 0, limits: { maxHeaders: 0 } }, "limits.maxHeaders"],
  ])("refuses %j", async (options, field) => {
    await expectNoLeaks(() =>
      expect(createListener({ ...options, handler })).rejects.toMatchObject({
        code: "invalid_request",
        field,
      }),
    );
  });

  it("serves HTTP/1.1 and HTTP/2 on one port", async () => {
    const serving = await serve({
      handler: (request, response) => response.end(`${request.httpVersion} ${request.url}`),
    });
    const overHttp1 = fetch(`${serving.listener.url}/a?b`).then((response) => response.text());
    const stream = session(serving).request({ ":path": "/a?b" }).setEncoding("utf8");
    expect(await overHttp1).toBe("1.1 /a?b");
    expect(await stream.toArray()).toEqual(["2.0 /a?b"]);
  });
});

describe("answers", () => {
  const defaults = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };

  it("carry security headers that the handler may replace, and do not name the server", async () => {
    const serving = await serve({
      handler: (request, response) => {
        if (request.url === "/own") {
          response.setHeader("Cache-Control", "max-age=60");
          (response as ServerResponse).writeHead(200, { "content-security-policy": "default-src 'self'" });
        }
        response.end();
      },
    });
    const read = async (path: string) =>
      Object.fromEntries((await fetch(`${serving.listener.url}${path}`)).headers);
    expect(await read("/plain")).toMatchObject(defaults);
    expect(await read("/plain")).not.toHaveProperty("server");
    expect(await read("/own")).toMatchObject({
      ...defaults,
      "cache-control": "max-age=60",
      "content-security-policy": "default-src 'self'",
    });
    const [headers] = await once(session(serving).request({}), "response");
    expect(headers).toMatchObject(defaults);
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ["set", (response) => response.setHeader("X-Own", "1").setHeader("Cache-Control", "no-cache")],
    ["written", (response) => response.writeHead(200, { "X-Own": "1", "Cache-Control": "no-cache" })],
    ["a list", (response) => response.writeHead(200, ["X-Own", "1", "Cache-Control", "no-cache"])],
    ["a list after a message", (response) => response.writeHead(200, "Fine", ["Cache-Control", "no-cache"])],
    ["a list after others", (r) => r.setHeader("X-Own", "1").writeHead(200, ["Cache-Control", "no-cache"])],
    ["a message alone", (response) => response.setHeader("Cache-Control", "no-cache").writeHead(200, "Fine")],
  ])("carry security headers once, and the handler's, when those are %s", async (_, answer) => {
    const serving = await serve({
      handler: (_request, response) => {
        answer(response as ServerResponse);
        response.end();
      },
    });
    const { headers } = await fetch(serving.listener.url);
    expect(Object.fromEntries(headers)).toMatchObject({ ...defaults, "cache-control": "no-cache" });
  });

  it.each(["req_0123456789", "8f14e45f-ceea-467f-a8d3-1f2b3c4d5e6f"])(
    "to refused requests carry the request id %s that was sent",
    async (id) => {
      const { listener } = await serve();
      const response = await fetch(`${listener.url}//`, { headers: { "x-request-id": id } });
      expect(response.status).toBe(400);
      expect(response.headers.get("x-request-id")).toBe(id);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(Object.fromEntries(response.headers)).toMatchObject(defaults);
    },
  );

  it.each(["short", "has spaces in it", "x".repeat(65)])("do not repeat a request id like %j", async (id) => {
    const { listener } = await serve();
    const response = await fetch(`${listener.url}//`, { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("to refused HEAD requests have no body", async () => {
    const { connect } = await serve();
    const client = await connect();
    await client.send(`HEAD // HTTP/1.1\r\nHost: a\r\n\r\n${get}`);
    await client.until(({ statuses }) => statuses.length === 2);
    expect(client.statuses).toEqual([400, 200]);
    expect(client.text).not.toContain("error");
  });
});

describe("a handler that fails", () => {
  const failure = new Error("secret detail");
  const ways: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw failure;
    },
    rejects: () => Promise.reject(failure),
  };

  it.each(Object.entries(ways))(
    "and %s is answered for with 500, without its headers",
    async (_way, fail) => {
      const serving = await serve({
        handler: (_request, response) => {
          response.statusCode = 201;
          response.setHeader("content-length", 3);
          response.setHeader("x-internal", "detail");
          return fail() as undefined;
        },
      });
      const response = await fetch(`${serving.listener.url}/x`);
      expect(response.status).toBe(500);
      expect(response.headers.has("x-internal")).toBe(false);
      expect(await response.json()).toEqual({
        error: { message: "internal error", type: "server_error", param: null, code: "internal" },
      });
      const [headers] = await once(session(serving).request({}), "response");
      expect(headers[":status"]).toBe(500);
      expect(serving.logger.entries.filter(({ level }) => level === "error")).toEqual(
        new Array(2).fill({ level: "error", message: "request handler failed", fields: { error: failure } }),
      );
    },
  );

  it.each(Object.entries(ways))("and %s in the middle of its answer cuts it off", async (_way, fail) => {
    const serving = await serve({
      handler: (_request, response) => {
        (response as ServerResponse).write("half an answer");
        return fail() as undefined;
      },
    });
    const client = await serving.connect();
    await client.send(get);
    await client.ended();
    expect(client.text).not.toContain("\r\n0\r\n\r\n");

    const stream = session(serving).request({});
    await expect(stream.toArray()).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" });
  });

  it.each(Object.entries(ways))("and %s when its answer is complete does no harm", async (_way, fail) => {
    const serving = await serve({
      handler: (_request, response) => {
        response.end("whole");
        return fail() as undefined;
      },
    });
    expect(await (await fetch(`${serving.listener.url}/x`)).text()).toBe("whole");
    const stream = session(serving).request({}).setEncoding("utf8");
    expect(await stream.toArray()).toEqual(["whole"]);
  });

  it.each(["http1", "http2"] as const)("when the client of %s has left does no harm", async (protocol) => {
    const failed = gate();
    const left = gate();
    const serving = await serve({
      handler: (request, response) => {
        response.once("close", () => left.resolve());
        if (request.url === "/fine") response.end("fine");
        else return failed.promise as unknown as undefined;
      },
    });
    const client = protocol === "http1" ? await serving.connect() : session(serving);
    if (client instanceof RawClient) await client.send(get);
    else client.request({}).on("error", () => {});
    await expect.poll(() => serving.served.length).toBe(1);
    if (client instanceof RawClient) client.close();
    else client.destroy();
    await left.promise;
    failed.reject(failure);
    expect(await (await fetch(`${serving.listener.url}/fine`)).text()).toBe("fine");
    const errors = serving.logger.entries.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields)).toEqual([{ error: failure }]);
  });

  it("survives errors of the request and of the answer", async () => {
    const serving = await serve({
      handler: (request, response) => {
        request.emit("error", new Error("request"));
        response.emit("error", new Error("answer"));
        response.end("fine");
      },
    });
    expect(await (await fetch(`${serving.listener.url}/x`)).text()).toBe("fine");
    expect(await session(serving).request({}).setEncoding("utf8").toArray()).toEqual(["fine"]);
  });
});

describe("a handler that writes when its answer is complete", () => {
  it("does no harm to anybody else", async () => {
    const serving = await serve({
      handler: (request, response) => {
        response.end("fine");
        if (request.url === "/late") (response as ServerResponse).write("too late");
      },
    });
    expect(await (await fetch(`${serving.listener.url}/late`)).text()).toBe("fine");
    const client = session(serving);
    const late = client.request({ ":path": "/late" });
    await late.toArray().catch(() => {});
    expect(await client.request({}).setEncoding("utf8").toArray()).toEqual(["fine"]);
  });
});

describe("metrics", () => {
  it("count open connections by protocol, and refusals by reason", async () => {
    const serving = await serve({
      handler: (_request, response) => response.end(),
      limits: { maxConnections: 3 },
    });
    const open = (protocol: string) => serving.meter.value("llmproxy_listener_connections", { protocol });
    const http1 = await serving.connect();
    await http1.send(get);
    await http1.until(({ statuses }) => statuses.length === 1);
    await once(session(serving).request({}), "response");
    await serving.connect();
    expect([open("http1"), open("http2")]).toEqual([1, 1]);
    await expect.poll(() => open("unknown")).toBe(1);
    await (await serving.connect()).ended();
    const refused = "llmproxy_listener_refused_connections_total";
    expect(serving.meter.labelSets(refused)).toEqual([{ reason: "max_connections" }]);
    await serving.listener.close();
    expect([open("http1"), open("http2"), open("unknown")]).toEqual([0, 0, 0]);
  });
});

describe("drain", () => {
  /** A listener whose handler answers when told to, with one request running on each protocol. */
  async function draining() {
    const clock = createFakeClock();
    const { promise: released, resolve: release } = gate();
    const serving = await serve({
      clock,
      handler: (request, response) => {
        if (request.url === "/quick") response.end("quick");
        else void released.then(() => response.end("slow"));
      },
    });
    const http1 = await serving.connect();
    await http1.send(get);
    const http2 = session(serving);
    const slow = http2.request({ ":path": "/slow" }).setEncoding("utf8").toArray();
    slow.catch(() => {});
    await expect.poll(() => serving.served.length).toBe(2);
    return { ...serving, clock, release, http1, http2, slow };
  }

  it("lets running requests end and then frees the port", async () => {
    const { listener, clock, release, http1, http2, slow, connect } = await draining();
    const drained = listener.drain({ delayMs: 0, timeoutMs: 25_000 });
    const goaway = once(http2, "goaway");
    await clock.advance(0);
    expect((await goaway)[0]).toBe(0);
    await expect(connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    release();
    expect(await slow).toEqual(["slow"]);
    await http1.ended();
    expect(http1.text).toMatch(/connection: close\r\n.*slow/is);
    expect(await drained).toEqual({ aborted: 0 });
    expect(clock.pending).toBe(0);
  });

  it("goes on accepting for a while, with answers that end their connection", async () => {
    const { listener, clock, release, connect, http2 } = await draining();
    const drained = listener.drain({ delayMs: 5_000, timeoutMs: 25_000 });
    await clock.advance(4_999);
    const late = await connect();
    await late.send(get.replace("/v1/x", "/quick"));
    await late.ended();
    expect(late.text).toMatch(/connection: close\r\n.*quick/is);
    const lateStream = http2.request({ ":path": "/quick" }).setEncoding("utf8");
    expect(await lateStream.toArray()).toEqual(["quick"]);
    await clock.advance(1);
    await expect(connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    release();
    expect(await drained).toEqual({ aborted: 0 });
  });

  it("closes connections that are idle or have not said anything", async () => {
    const { listener, clock, release, connect } = await draining();
    const [idle, silent] = [await connect(), await connect()];
    await idle.send(get.replace("/v1/x", "/quick"));
    await idle.until(({ statuses }) => statuses.length === 1);
    const drained = listener.drain({ delayMs: 0, timeoutMs: 25_000 });
    await clock.advance(0);
    await Promise.all([idle.ended(), silent.ended()]);
    release();
    await drained;
  });

  it("closes a connection as soon as it is idle", async () => {
    const { listener, clock, http1, release } = await draining();
    release();
    await http1.until(({ text }) => text.includes("slow"));
    const drained = listener.drain({ delayMs: 0, timeoutMs: 25_000 });
    await clock.advance(50);
    await http1.ended();
    expect(await drained).toEqual({ aborted: 0 });
  });

  it("destroys what still runs when the time is up, and says how much that was", async () => {
    const { listener, clock, http1, slow } = await draining();
    const drained = listener.drain({ delayMs: 1_000, timeoutMs: 25_000 });
    await clock.advance(25_999);
    expect(http1.hasEnded).toBe(false);
    await clock.advance(1);
    expect(await drained).toEqual({ aborted: 2 });
    await http1.ended();
    expect(http1.text).toBe("");
    expect(await slow.catch(() => [])).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("is one drain, however often it is asked for", async () => {
    const { listener, clock, release } = await draining();
    const drains = [1_000, 50_000].map((delayMs) => listener.drain({ delayMs, timeoutMs: 1_000 }));
    release();
    await clock.advance(2_000);
    expect(await Promise.all(drains)).toEqual([{ aborted: 0 }, { aborted: 0 }]);
  });

  it("is cut short by close", async () => {
    const { listener, clock, http1 } = await draining();
    const drained = listener.drain({ delayMs: 5_000, timeoutMs: 25_000 });
    await listener.close();
    expect(await drained).toEqual({ aborted: 2 });
    await http1.ended();
    expect(clock.pending).toBe(0);
  });

  it("has nothing to do when there are no connections, or the listener is closed", async () => {
    const first = await serve({ clock: createFakeClock() });
    expect(await first.listener.drain({ delayMs: 0, timeoutMs: 0 }).finally(() => {})).toEqual({
      aborted: 0,
    });
    const second = await serve();
    await second.listener.close();
    expect(await second.listener.drain({ delayMs: 60_000, timeoutMs: 60_000 })).toEqual({ aborted: 0 });
  });
});

describe("close", () => {
  it("destroys everything at once and leaves nothing behind", async () => {
    const clock = createFakeClock();
    const logger = createMemoryLogger();
    const open = () => createListener({ host: "127.0.0.1", port: 0, clock, logger, handler });
    const run = async () => {
      const listener = await open();
      const http1 = await RawClient.connect(listener.address.port);
      await http1.send(get);
      const http2 = await RawClient.connect(listener.address.port);
      await http2.send(Buffer.concat([clientPreface, requestFrame(1)]));
      await http2.until(({ receivedBytes }) => receivedBytes > 0);
      await Promise.all([listener.close(), listener.close()]);
      await Promise.all([http1.ended(), http2.ended()]);
      return listener.address.port;
    };
    const port = await expectNoLeaks(run, { clocks: [clock] });
    expect(logger.entries.filter(({ level }) => level !== "debug")).toEqual([]);
    const next = await createListener({ host: "127.0.0.1", port, handler });
    await next.close();
  });

  it("says so twice without harm, also after a drain", async () => {
    const { listener } = await serve();
    await listener.drain({ delayMs: 0, timeoutMs: 0 });
    await listener.close();
    await listener.close();
  });
});
