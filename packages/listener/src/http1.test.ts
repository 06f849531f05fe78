import type { IncomingMessage, ServerResponse } from "node:http";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import type { RawClient } from "./test-support/raw-client.ts";
import { echo, gate, readBody, serve } from "./test-support/serve.ts";

const head = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** Whether the connection still serves, by one more request. */
async function isUsable(client: RawClient): Promise<boolean> {
  const before = client.statuses.length;
  await client.send(get);
  try {
    await client.until(({ statuses }) => statuses.length > before);
    return true;
  } catch {
    return false;
  }
}

describe("HTTP/1.1 requests about which readers may disagree", () => {
  const closed = { usable: false };
  const open = { usable: true };
  const cases: Readonly<
    Record<string, readonly [bytes: string, status: number, { readonly usable: boolean }]>
  > = {
    "content-length then chunked": [
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      closed,
    ],
    "chunked then content-length": [
      `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
      400,
      closed,
    ],
    "two equal content-lengths": [`${head}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, 400, closed],
    "two content-lengths that differ": [
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      400,
      closed,
    ],
    "a list of content-lengths": [`${head}Content-Length: 4,4\r\n\r\nabcd`, 400, closed],
    "a content-length with plus": [`${head}Content-Length: +4\r\n\r\nabcd`, 400, closed],
    "a negative content-length": [`${head}Content-Length: -1\r\n\r\n`, 400, closed],
    "a hexadecimal content-length": [`${head}Content-Length: 0x4\r\n\r\nabcd`, 400, closed],
    "a content-length beyond 64 bits": [`${head}Content-Length: 18446744073709551617\r\n\r\n`, 400, closed],
    "an unknown transfer-encoding": [`${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400, closed],
    "chunked that is not last": [`${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 400, closed],
    "chunked in two headers": [
      `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      closed,
    ],
    "a transfer-encoding with vertical tab": [
      `${head}Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n`,
      400,
      closed,
    ],
    "a space before the colon": [`${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400, closed],
    "a folded header": [`${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`, 400, closed],
    "chunked over HTTP/1.0": ["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, closed],
    "gzip before chunked": [`${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501, closed],
    "two hosts": ["GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, closed],
    "no host": ["GET / HTTP/1.1\r\n\r\n", 400, closed],
    "a host with a path": ["GET / HTTP/1.1\r\nHost: a/../key/generate\r\n\r\n", 400, closed],
    "a host with a fragment": ["GET / HTTP/1.1\r\nHost: localhost/#@x\r\n\r\n", 400, closed],
    "a host with a user": ["GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, closed],
    "a host with a blank": ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, closed],
    "an absolute target": ["GET http://evil/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, open],
    "an absolute target of the same host": [
      "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
      400,
      open,
    ],
    "an asterisk as target": ["OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, open],
    CONNECT: ["CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n", 405, closed],
    "CONNECT with a body": [
      "CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\nContent-Length: 5\r\n\r\nab",
      405,
      closed,
    ],
    TRACE: ["TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, open],
    "a method of WebDAV": ["PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 405, open],
    "a method nobody knows": ["BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 405, closed],
    "a method in lower case": ["get / HTTP/1.1\r\nHost: a\r\n\r\n", 400, closed],
    "line feeds alone": ["GET / HTTP/1.1\nHost: a\n\n", 400, closed],
    "a line feed alone after a header": ["GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, closed],
    "a carriage return in a value": ["GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, closed],
    "a zero byte in a value": ["GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, closed],
    "a space in a name": ["GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400, closed],
    "a space before the first header": ["GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, closed],
    "two authorizations": [
      `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
      400,
      open,
    ],
    "two api keys": [`GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: a\r\nx-api-key: b\r\n\r\n`, 400, open],
    "two content types": [
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\n`,
      400,
      open,
    ],
    "an underscore for a hyphen": ["GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: ::1\r\n\r\n", 400, open],
    "content-length spelt with underscore": [
      "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n",
      400,
      open,
    ],
    "too large a header": [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(17_000)}\r\n\r\n`, 431, closed],
    "too large a target": [`GET /${"x".repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, closed],
    "101 headers": [`GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(100)}\r\n`, 431, open],
    "2,000 headers, the last of them a second host": [
      `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(2_000)}Host: b\r\n\r\n`,
      431,
      open,
    ],
    "HTTP/2.0": ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, closed],
    "HTTP/1.2": ["GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, closed],
    "HTTP/0.9": ["GET /\r\n\r\n", 505, closed],
    "a preface with something else behind it": ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 400, closed],
    "an unknown expectation": [`${head}Expect: wat\r\nContent-Length: 0\r\n\r\n`, 417, open],
    "a path in disguise": ["GET /v1/%2e%2e/admin HTTP/1.1\r\nHost: a\r\n\r\n", 400, open],
    "a path with an empty segment": ["GET //admin HTTP/1.1\r\nHost: a\r\n\r\n", 400, open],
    "a path with a zero byte": ["GET /v1/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, open],
    "bytes that are no request": ["\x00\x01\x02\x03\x04\r\n\r\n", 400, closed],
  };
  it.each(Object.entries(cases))("refuses %s", async (_name, [bytes, status, { usable }]) => {
    const { connect, served, meter } = await serve();
    const client = await connect();
    await client.send(bytes);
    const answer = await client.answer();
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      error: {
        message: expect.stringMatching(/^[a-z0-9].{10,}/),
        type: "invalid_request_error",
        param: null,
        code: expect.stringMatching(/^(invalid_request|method_not_allowed|headers_too_large)$/),
      },
    });
    expect(answer.headers.get("connection")).toBe(usable ? "keep-alive" : "close");
    expect(await isUsable(client)).toBe(usable);
    expect(served).toEqual(usable ? ["GET /v1/x"] : []);
    expect(meter.value("llmproxy_listener_refused_requests_total", { status: String(status) })).toBe(1);
  });

  const brokenBodies: Readonly<Record<string, readonly [body: string, status: number]>> = {
    "a chunk size with 0x": ["0x1\r\na\r\n0\r\n\r\n", 400],
    "a chunk size beyond 64 bits": ["fffffffffffffffff\r\na\r\n0\r\n\r\n", 400],
    "a chunk that ends with a line feed": ["1\r\na\n0\r\n\r\n", 400],
    "a chunk without an end": ["1\r\nabc\r\n0\r\n\r\n", 400],
    "20 KB of chunk extensions": [`1;${"x".repeat(20_000)}\r\na\r\n0\r\n\r\n`, 413],
  };
  it.each(Object.entries(brokenBodies))("cuts a body with %s off", async (_name, [body, status]) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { connect } = await serve({
      handler: (request) => {
        request.on("end", () => resolve("end"));
        request.once("close", () => resolve(request.aborted ? "aborted" : "close"));
        request.resume();
      },
    });
    const client = await connect();
    await client.send(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    await client.send(body);
    expect((await client.answer()).status).toBe(status);
    expect(await promise).toBe("aborted");
    await client.ended();
    expect(client.statuses).toEqual([status]);
  });

  it("says nothing into an answer that has begun when the body breaks", async () => {
    const { connect, meter } = await serve({
      handler: (request, response) => {
        request.resume();
        (response as ServerResponse).write("half an answer");
      },
    });
    const client = await connect();
    await client.send(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    await client.until(({ text }) => text.includes("half an answer"));
    await client.send("broken");
    await client.ended();
    expect(client.statuses).toEqual([200]);
    expect(meter.labelSets("llmproxy_listener_refused_requests_total")).toEqual([]);
  });

  it("ignores an upgrade to another protocol", async () => {
    const { connect } = await serve({ handler: (_request, response) => response.end("plain") });
    for (const upgrade of [
      "h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
      "websocket\r\nSec-WebSocket-Version: 13",
    ]) {
      const client = await connect();
      await client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`);
      await client.until(({ text }) => text.includes("plain"));
      expect(client.statuses).toEqual([200]);
    }
  });

  it("never takes trailers for headers", async () => {
    const seen = Promise.withResolvers<unknown>();
    const { connect } = await serve({
      handler: (request, response) => {
        readBody(request).then(() => seen.resolve(request.headers.authorization), seen.reject);
        response.end();
      },
    });
    const client = await connect();
    await client.send(
      `${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nAuthorization: Bearer x\r\n\r\n`,
    );
    expect(await seen.promise).toBeUndefined();
  });

  it("leaves prototypes alone", async () => {
    const { connect } = await serve({ handler: (_request, response) => response.end() });
    const client = await connect();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\nconstructor: x\r\ntoString: y\r\n\r\n");
    await client.answer();
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect({}.toString()).toBe("[object Object]");
  });
});

describe("HTTP/1.1 connections that are slow or stuck", () => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckIntervalMs: 20 };

  it.each([
    ["begins a request and stops", "GET / HTTP/1.1\r\nHost: a\r\n"],
    ["stops in the middle of the first line", "GE"],
    ["never ends its body", `${head}Content-Length: 100\r\n\r\nabc`],
    ["never ends its chunked body", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
  ])("answers 408 to a client that %s", async (_what, bytes) => {
    const { connect } = await serve({ limits });
    const client = await connect();
    await client.send(bytes);
    const answer = await client.answer();
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body).error).toMatchObject({
      type: "invalid_request_error",
      code: "invalid_request",
      message: "the request did not arrive in time",
    });
    expect(answer.headers.has("x-should-retry")).toBe(false);
    await client.ended();
  });

  it("answers 408 to a client that sends one header at a time", async () => {
    const { connect } = await serve({ limits });
    const client = await connect();
    await client.send("GET / HTTP/1.1\r\n");
    const trickle = setInterval(() => client.socket.write("X: y\r\n"), 10);
    await client.ended();
    clearInterval(trickle);
    expect(client.statuses).toEqual([408]);
  });

  it("lets an answer take as long as it takes", async () => {
    const { promise: finished, resolve: finish } = gate();
    const { connect } = await serve({
      limits: {
        headersTimeoutMs: 20,
        requestTimeoutMs: 20,
        timeoutCheckIntervalMs: 5,
        keepAliveTimeoutMs: 20,
      },
      handler: (_request, response) => {
        response.setHeader("content-length", 40);
        let sent = 0;
        const beat = setInterval(() => {
          (response as ServerResponse).write("tick");
          sent += 4;
          if (sent < 40) return;
          clearInterval(beat);
          response.end();
          finish();
        }, 20);
      },
    });
    const client = await connect();
    await client.send(get);
    await finished;
    expect((await client.answer()).body).toBe("tick".repeat(10));
  });

  it("closes a connection that is not used again", async () => {
    const { connect } = await serve({ limits: { keepAliveTimeoutMs: 50 } });
    const client = await connect();
    await client.send(get);
    expect((await client.answer()).status).toBe(200);
    await client.ended();
  });

  it("throws away what is left of a body so that the answer can be read, but not for ever", async () => {
    const clock = createFakeClock();
    const { connect, listener } = await serve({
      clock,
      limits: { discardTimeoutMs: 3_000 },
      handler: (_request, response) => {
        response.setHeader("content-length", 2);
        response.end("no");
      },
    });
    const patient = await connect();
    await patient.send(`${head}Content-Length: 1000000\r\n\r\n`);
    expect((await patient.answer()).body).toBe("no");
    await patient.send("x".repeat(1_000_000));
    expect(await isUsable(patient)).toBe(true);

    const endless = await connect();
    await endless.send(`${head}Content-Length: 1000000\r\n\r\nx`);
    await endless.answer();
    await clock.advance(2_999);
    expect(endless.hasEnded).toBe(false);
    await clock.advance(1);
    await endless.ended();
    await listener.close();
    expect(clock.pending).toBe(0);
  });

  it("does not wait for ever until a refused client has read why", async () => {
    const clock = createFakeClock();
    const { connect, meter } = await serve({ clock, limits: { lingerTimeoutMs: 500 } });
    const client = await connect();
    client.socket.allowHalfOpen = true;
    await client.send("\x00\r\n");
    await client.ended();
    const open = () => meter.value("llmproxy_listener_connections");
    await client.send("more of that");
    expect(await isUsable(await connect())).toBe(true);
    expect(open()).toBe(2);
    await clock.advance(500);
    await expect.poll(open).toBe(1);
    expect(client.statuses).toEqual([400]);
    expect(meter.value("llmproxy_listener_refused_requests_total")).toBe(1);
  });
});

describe("HTTP/1.1 pipelining", () => {
  const numbered = (number: number, rest = "") => `GET /${number} HTTP/1.1\r\nHost: a\r\n${rest}\r\n`;
  const sequence = (count: number) => Array.from({ length: count }, (_, index) => `GET /${index}`);

  /** A handler that counts how many of its requests run at once and answers each with its path. */
  function counting() {
    const most = { running: 0, seen: 0 };
    const handler: typeof echo = (request, response) => {
      most.running += 1;
      most.seen = Math.max(most.seen, most.running);
      setImmediate(() => {
        most.running -= 1;
        response.end(`[${request.url}]`);
      });
    };
    return { most, handler };
  }

  it("answers 100 requests in order, one at a time", async () => {
    const { most, handler } = counting();
    const { connect, served } = await serve({ handler });
    const client = await connect();
    await client.send(Array.from({ length: 100 }, (_, index) => numbered(index)).join(""));
    await client.until(({ text }) => text.includes("[/99]"));
    expect([...client.text.matchAll(/\[\/(\d+)\]/g)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
    expect(served).toEqual(sequence(100));
    expect(most.seen).toBe(1);
  });

  it("answers more than may wait, by reading no further until there is room", async () => {
    const { most, handler } = counting();
    const { connect, served } = await serve({ handler, limits: { maxPipelinedRequests: 2 } });
    const client = await connect();
    const padding = `X: ${"x".repeat(8_000)}\r\n`;
    await client.send(Array.from({ length: 60 }, (_, index) => numbered(index, padding)).join(""));
    await client.until(({ text }) => text.includes("[/59]"));
    expect(served).toEqual(sequence(60));
    expect(most.seen).toBe(1);
  });

  it("holds back a client that pipelines on while nothing is answered", async () => {
    const started = Promise.withResolvers<IncomingMessage>();
    const { connect } = await serve({
      handler: (request, response) => {
        if (request.url === "/0") started.resolve(request as IncomingMessage);
        else response.end("round");
      },
      limits: { maxPipelinedRequests: 2 },
    });
    const client = await connect();
    client.socket.write(numbered(0, `X: ${"x".repeat(8_000)}\r\n`).repeat(1_000));
    const { socket } = await started.promise;
    // Each of these takes a turn of the event loop, in which the listener could read 64 KiB.
    for (let round = 1; round <= 100; round += 1) await isUsable(await connect());
    expect(socket.bytesRead).toBeLessThan(500_000);
  });

  it("ends the connection after so many requests", async () => {
    const { connect, served } = await serve({ limits: { maxRequestsPerSocket: 3 } });
    const client = await connect();
    await client.send(numbered(0) + numbered(1) + numbered(2) + numbered(3));
    await client.ended();
    expect(served).toEqual(sequence(3));
    expect(client.statuses).toEqual([200, 200, 200]);
  });

  it("answers a request before it refuses what comes behind it", async () => {
    const { promise: released, resolve: release } = gate();
    const { connect, meter } = await serve({
      handler: (_request, response) => {
        void released.then(() => {
          response.setHeader("content-length", 4);
          response.end("good");
        });
      },
    });
    const client = await connect();
    await client.send(`${get}BAD\x00\r\n\r\nmore`);
    await client.send("and more");
    const other = await connect();
    await other.send("GET // HTTP/1.1\r\nHost: a\r\n\r\n");
    await other.answer();
    release();
    await client.ended();
    expect(client.statuses).toEqual([200, 400]);
    expect(meter.value("llmproxy_listener_refused_requests_total")).toBe(2);
    expect(client.text).toMatch(/good.*HTTP\/1\.1 400/s);
  });

  it("does not begin requests behind one that ends the connection", async () => {
    const { connect, served } = await serve();
    const client = await connect();
    await client.send(`${head}Connection: close\r\nContent-Length: 0\r\n\r\n${numbered(1)}`);
    await client.ended();
    expect(served).toEqual(["POST /v1/x"]);
    expect(client.statuses).toEqual([200]);
  });

  it("forgets requests that wait when the client leaves", async () => {
    const left = gate();
    const { connect, served, meter } = await serve({
      handler: (_request, response) => response.on("close", () => left.resolve()),
    });
    const client = await connect();
    await client.send(numbered(0) + numbered(1) + numbered(2));
    await expect.poll(() => served.length).toBe(1);
    client.close();
    await left.promise;
    await expect.poll(() => meter.value("llmproxy_listener_connections")).toBe(0);
    expect(served).toEqual(["GET /0"]);
  });

  it("reads the bodies of requests that waited", async () => {
    const { connect } = await serve();
    const client = await connect();
    const body = "b".repeat(200_000);
    await client.send(`${numbered(0)}${head}Content-Length: ${body.length}\r\n\r\n${body}${numbered(2)}`);
    await client.until(({ statuses }) => statuses.length === 3);
    expect(client.text).toContain(body);
  });
});

describe("HTTP/1.1 connections", () => {
  it("takes a client that ends its side for one that left", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { connect } = await serve({
      handler: (_request, response) => response.on("close", () => resolve(response.writableFinished)),
    });
    const client = await connect();
    client.socket.end(get);
    expect(await promise).toBe(false);
    await client.ended();
  });

  it("serves HTTP/1.0", async () => {
    const { connect } = await serve({ handler: (_request, response) => response.end("old") });
    const client = await connect();
    await client.send("GET / HTTP/1.0\r\n\r\n");
    await client.ended();
    expect(client.text).toContain("old");
  });

  it("serves a request that comes byte by byte", async () => {
    const { connect } = await serve();
    const client = await connect();
    client.socket.setNoDelay();
    for (const byte of `${head}Content-Length: 2\r\n\r\nhi`) await client.send(byte);
    expect((await client.answer()).body).toBe("hi");
  });

  it("tells a handler at once that its client left", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { connect } = await serve({
      handler: (_request, response) => {
        (response as ServerResponse).flushHeaders();
        response.on("close", () => resolve(response.writableFinished));
      },
    });
    const client = await connect();
    await client.send(get);
    await client.until(({ statuses }) => statuses.length === 1);
    client.close();
    expect(await promise).toBe(false);
  });
});

describe("expect: 100-continue over HTTP/1.1", () => {
  const expecting = `${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`;

  it("invites the body when the handler reads, and keeps the connection", async () => {
    const { promise: admitted, resolve: admit } = gate();
    const { connect } = await serve({
      handler: (request, response) => void admitted.then(() => echo(request, response)),
    });
    const client = await connect();
    await client.send(expecting);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.text).toBe("");
    admit();
    await client.until(({ statuses }) => statuses.includes(100));
    expect(client.text).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("hello");
    const answer = await client.answer();
    expect(answer.body).toBe("hello");
    expect(answer.headers.get("connection")).toBe("keep-alive");
    expect(await isUsable(client)).toBe(true);
    expect(client.statuses).toEqual([100, 200, 200]);
  });

  it("never invites a body that the handler does not want, and closes", async () => {
    const { connect } = await serve({
      handler: (_request, response) => {
        response.statusCode = 401;
        response.end();
      },
    });
    const client = await connect();
    await client.send(expecting);
    await client.ended();
    expect(client.statuses).toEqual([401]);
    expect(client.text).toMatch(/connection: close/i);
  });

  it("sends no interim answer behind the beginning of the final one", async () => {
    const { connect } = await serve({
      handler: (request, response) => {
        (response as ServerResponse).flushHeaders();
        void readBody(request).then((body) => response.end(body));
      },
    });
    const client = await connect();
    await client.send(expecting);
    await client.until(({ statuses }) => statuses.length === 1);
    await client.send("hello");
    await client.until(({ text }) => text.includes("hello"));
    expect(client.statuses).toEqual([200]);
  });

  it("invites the body once for a handler that reads piece by piece", async () => {
    const { connect } = await serve({
      handler: (request, response) => {
        void (async () => {
          let text = "";
          for await (const chunk of request) text += chunk;
          response.end(text);
        })();
      },
    });
    const client = await connect();
    await client.send(expecting);
    for (const byte of "hello") await client.send(byte);
    await client.until(({ text }) => text.includes("hello"));
    expect(client.statuses).toEqual([100, 200]);
  });

  it("serves a client that does not wait to be invited", async () => {
    const { connect } = await serve();
    const client = await connect();
    await client.send(`${expecting}hello`);
    expect((await client.answer()).body).toBe("hello");
  });

  it("sends no interim answer to HTTP/1.0", async () => {
    const { connect } = await serve();
    const client = await connect();
    await client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    await client.ended();
    expect(client.statuses).toEqual([200]);
  });
});
