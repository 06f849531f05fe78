import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  clientPreface,
  flags,
  frame,
  headerBlock,
  readFrames,
  repeat,
  requestFields,
  requestFrame,
  settingsAck,
  uint32,
} from "./test-support/http2-frames.ts";
import type { RawClient } from "./test-support/raw-client.ts";
import { echo, gate, readBody, type Serving, serve } from "./test-support/serve.ts";

/** A session of Node's client that is closed when the test is over. */
function session({ port }: Serving): ClientHttp2Session {
  const client = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 256 });
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  return client;
}

async function answer(
  stream: ClientHttp2Stream,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const response = once(stream, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const [headers] = await response;
  return { status: headers[":status"], body: Buffer.concat(chunks) };
}

/** Opens a session by hand, as a client that keeps to the rules. */
async function openSession(client: RawClient): Promise<void> {
  await client.send(clientPreface);
  await client.until(({ bytes }) => readFrames(bytes).length > 0);
  await client.send(settingsAck);
}

/** Frames the listener sent, other than its settings. */
function answersTo(client: RawClient) {
  return readFrames(client.bytes).filter(({ type }) => type !== "settings" && type !== "windowUpdate");
}

/** What happened to a stream: the number of the error it was reset with, else of the connection's. */
function errorCode(client: RawClient): number | undefined {
  const last = answersTo(client).findLast(({ type }) => type === "rstStream" || type === "goaway");
  if (last === undefined) return undefined;
  return Buffer.from(last.payload).readUInt32BE(last.type === "goaway" ? 4 : 0);
}

/** Sends the same bytes until the other side closes. */
async function flood(client: RawClient, next: (round: number) => Buffer): Promise<void> {
  for (let round = 0; !client.hasEnded && client.socket.writable; round += 1) {
    await client.send(next(round));
    // A write that succeeds at once gives way to nothing, and the listener lives in this process too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.ended();
}

/** Odd stream ids, the first for round 0. */
function streamId(round: number): number {
  return 2 * round + 1;
}

const post = frame({
  type: "headers",
  flags: flags.endHeaders,
  stream: 1,
  payload: headerBlock(requestFields("POST")),
});

describe("HTTP/2 floods", () => {
  const emptySettings = frame({ type: "settings" });
  const ping = frame({ type: "ping", payload: Buffer.alloc(8) });
  const bomb = headerBlock([["x-bomb", "b".repeat(4_000)]], { indexed: true });
  const indexedBomb = Buffer.alloc(16_000, 0x80 | 62);
  const largeList = headerBlock([
    ...requestFields(),
    ...Array.from({ length: 25 }, (_, index) => [`x-${index}`, "v".repeat(4_000)] as const),
  ]);

  const floods: Readonly<
    Record<
      string,
      { readonly before?: Buffer; readonly atMost?: number; readonly next: (round: number) => Buffer }
    >
  > = {
    "streams that are reset at once": {
      atMost: 150,
      next: (round) =>
        Buffer.concat(
          Array.from({ length: 100 }, (_, index) => {
            const stream = streamId(100 * round + index);
            return Buffer.concat([
              requestFrame(stream),
              frame({ type: "rstStream", stream, payload: uint32(8) }),
            ]);
          }),
        ),
    },
    "continuations that fill up": {
      before: frame({ type: "headers", stream: 1, payload: headerBlock(requestFields()) }),
      next: () =>
        frame({ type: "continuation", stream: 1, payload: headerBlock([["x", "y".repeat(16_000)]]) }),
    },
    "empty continuations": {
      before: frame({ type: "headers", stream: 1, payload: headerBlock(requestFields()) }),
      next: () => repeat(frame({ type: "continuation", stream: 1 }), 1_000),
    },
    pings: { next: () => repeat(ping, 1_000) },
    settings: { next: () => repeat(emptySettings, 1_000) },
    priorities: {
      next: () =>
        repeat(frame({ type: "priority", stream: 1, payload: Buffer.from([0, 0, 0, 3, 9]) }), 1_000),
    },
    "empty data": { before: post, next: () => repeat(frame({ type: "data", stream: 1 }), 1_000) },
    "frames of an unknown type": {
      next: () => repeat(frame({ type: "unknown", payload: Buffer.alloc(8) }), 1_000),
    },
    "resets of idle streams": {
      next: () => repeat(frame({ type: "rstStream", stream: 9, payload: uint32(8) }), 1_000),
    },
    "window updates": { next: () => repeat(frame({ type: "windowUpdate", payload: uint32(1) }), 1_000) },
    "window updates of an open stream": {
      before: post,
      next: () => repeat(frame({ type: "windowUpdate", stream: 1, payload: uint32(1) }), 1_000),
    },
    "header blocks that blow up": {
      before: frame({
        type: "headers",
        flags: flags.endHeaders | flags.endStream,
        stream: 1,
        payload: Buffer.concat([headerBlock(requestFields()), bomb]),
      }),
      next: (round) =>
        frame({
          type: "headers",
          flags: flags.endHeaders | flags.endStream,
          stream: streamId(round + 1),
          payload: Buffer.concat([headerBlock(requestFields()), indexedBomb]),
        }),
    },
    "header lists of 100 KB": {
      next: (round) => {
        const stream = streamId(round);
        const pieces = Array.from({ length: Math.ceil(largeList.length / 16_000) }, (_, index) =>
          largeList.subarray(16_000 * index, 16_000 * (index + 1)),
        );
        return Buffer.concat(
          pieces.map((payload, index) =>
            frame({
              type: index === 0 ? "headers" : "continuation",
              flags:
                (index === 0 ? flags.endStream : 0) | (index === pieces.length - 1 ? flags.endHeaders : 0),
              stream,
              payload,
            }),
          ),
        );
      },
    },
    "windows of zero on streams": {
      next: (round) =>
        Buffer.concat([
          requestFrame(streamId(round)),
          frame({ type: "windowUpdate", stream: streamId(round), payload: uint32(0) }),
        ]),
    },
    "windows that overflow": {
      next: (round) =>
        Buffer.concat([
          requestFrame(streamId(round)),
          frame({ type: "windowUpdate", stream: streamId(round), payload: uint32(2 ** 31 - 1) }),
        ]),
    },
    "data on ended streams": {
      next: (round) =>
        Buffer.concat([
          requestFrame(streamId(round)),
          frame({ type: "data", stream: streamId(round), payload: Buffer.from("x") }),
        ]),
    },
    "headers on ended streams": {
      next: (round) => Buffer.concat([requestFrame(streamId(round)), requestFrame(streamId(round))]),
    },
    "priorities of the wrong length": {
      next: (round) =>
        Buffer.concat([
          requestFrame(streamId(round)),
          frame({ type: "priority", stream: streamId(round), payload: Buffer.alloc(4) }),
        ]),
    },
  };
  const beginnings = {
    "at once": (client: RawClient) => client.send(clientPreface),
    "after the settings": openSession,
  };
  describe.each(Object.entries(beginnings))("that begin %s", (_when, begin) => {
    it.each(Object.entries(floods))("close a session that sends %s", async (_name, flooding) => {
      const { before = Buffer.alloc(0), next, atMost = 1 } = flooding;
      const { connect, served, port } = await serve({
        handler: () => {},
        limits: { sessionCheckIntervalMs: 20 },
      });
      const client = await connect();
      await begin(client);
      await client.send(before);
      await flood(client, next);
      expect(served.length).toBeLessThanOrEqual(atMost);
      expect((await fetch(`http://127.0.0.1:${port}/;`)).status).toBe(400);
    });
  });

  it("refuses more streams than it offers, though the client has not read its settings", async () => {
    const { connect, served } = await serve({ handler: () => {} });
    const client = await connect();
    const requests = Array.from({ length: 110 }, (_, index) => requestFrame(streamId(index)));
    await client.send(Buffer.concat([clientPreface, ...requests]));
    await client.until(() => errorCode(client) !== undefined);
    expect(served.length).toBe(100);
    expect([constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_PROTOCOL_ERROR]).toContain(errorCode(client));
  });
});

describe("HTTP/2 headers that are too large", () => {
  const large = [...requestFields(), ["x", "y".repeat(16_400)]] as const;
  const blockOf = (stream: number) => {
    const block = headerBlock(large);
    const [head, rest] = [block.subarray(0, 16_000), block.subarray(16_000)];
    return Buffer.concat([
      frame({ type: "headers", flags: flags.endStream, stream, payload: head }),
      frame({ type: "continuation", flags: flags.endHeaders, stream, payload: rest }),
    ]);
  };

  it("are refused with 431 before the client knows the limit, and reset its stream after that", async () => {
    const { connect, served } = await serve();
    const client = await connect();
    await client.send(Buffer.concat([clientPreface, blockOf(1)]));
    await client.until(({ text }) => text.includes("headers_too_large"));
    await client.send(Buffer.concat([settingsAck, blockOf(3)]));
    await client.until(() => errorCode(client) !== undefined);
    expect(errorCode(client)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(served).toEqual([]);
  });
});

describe("HTTP/2 requests about which readers may disagree", () => {
  const fields = requestFields();
  const malformed: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    "a pseudo-header twice": [...fields, [":path", "/b"]],
    "a pseudo-header behind a header": [["x", "y"], ...fields],
    "an empty path": requestFields("GET", ""),
    "a full url as path": requestFields("GET", "http://evil/"),
    "a name in upper case": [...fields, ["X-Y", "z"]],
    "a connection header": [...fields, ["connection", "close"]],
    "a transfer-encoding": [...fields, ["transfer-encoding", "chunked"]],
    "an unknown pseudo-header": [...fields, [":evil", "x"]],
    "no method": fields.slice(1),
  };
  it.each(Object.entries(malformed))("resets a stream with %s", async (_name, headers) => {
    const { connect, served } = await serve();
    const client = await connect();
    await client.send(Buffer.concat([clientPreface, requestFrame(1, headers)]));
    await client.until(() => errorCode(client) !== undefined);
    expect(errorCode(client)).toBe(constants.NGHTTP2_PROTOCOL_ERROR);
    expect(served).toEqual([]);
  });

  const refused: Readonly<
    Record<string, readonly [status: number, headers: Record<string, string | string[]>]>
  > = {
    "a path in disguise": [400, { ":path": "/v1/%2e%2e/admin" }],
    "an asterisk as path": [400, { ":method": "OPTIONS", ":path": "*" }],
    "an underscore in a name": [400, { x_forwarded_for: "::1" }],
    TRACE: [405, { ":method": "TRACE" }],
    "an unknown method": [405, { ":method": "BREW" }],
    "an unknown expectation": [417, { expect: "wat" }],
  };
  it.each(Object.entries(refused))("refuses %s", async (_name, [status, headers]) => {
    const serving = await serve();
    const client = session(serving);
    const { body, ...rest } = await answer(client.request(headers));
    expect(rest.status).toBe(status);
    expect(JSON.parse(body.toString()).error).toMatchObject({ type: "invalid_request_error", param: null });
    expect((await answer(client.request({ ":path": "/again" }))).status).toBe(200);
    expect(serving.served).toEqual(["GET /again"]);
  });

  const contradictory: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    "authorization must not be sent twice": [
      ["authorization", "Bearer a"],
      ["authorization", "Bearer b"],
    ],
    "content-type must not be sent twice": [
      ["content-type", "a/b"],
      ["content-type", "a/c"],
    ],
    ":authority and host must be the same": [["host", "evil"]],
  };
  it.each(Object.entries(contradictory))("says that %s", async (message, headers) => {
    const { connect, served } = await serve();
    const client = await connect();
    await client.send(Buffer.concat([clientPreface, requestFrame(1, [...fields, ...headers])]));
    await client.until(({ text }) => text.includes(message));
    expect(served).toEqual([]);
  });

  it("refuses CONNECT", async () => {
    const serving = await serve();
    const stream = session(serving).request({ ":method": "CONNECT", ":authority": "evil:443" });
    expect((await answer(stream)).status).toBe(405);
    expect(serving.served).toEqual([]);
  });

  describe("with a body of another length than announced", () => {
    const start = frame({
      type: "headers",
      flags: flags.endHeaders,
      stream: 1,
      payload: headerBlock([...requestFields("POST"), ["content-length", "10"]]),
    });
    const body = frame({ type: "data", flags: flags.endStream, stream: 1, payload: Buffer.from("short") });

    it("never begin when all arrives at once", async () => {
      const { connect, served } = await serve();
      const client = await connect();
      await client.send(Buffer.concat([clientPreface, start, body]));
      await client.until(() => errorCode(client) !== undefined);
      expect(errorCode(client)).toBe(constants.NGHTTP2_PROTOCOL_ERROR);
      expect(served).toEqual([]);
    });

    it.each([
      ["its end comes too early", body, constants.NGHTTP2_PROTOCOL_ERROR],
      ["it is reset", frame({ type: "rstStream", stream: 1, payload: uint32(8) }), undefined],
    ] as const)("fail a reader when %s", async (_what, bytes, code) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const { connect, served } = await serve({
        handler: (request) => {
          readBody(request).then(
            () => resolve("complete"),
            (error: Error) => resolve(error.message),
          );
        },
      });
      const client = await connect();
      await client.send(Buffer.concat([clientPreface, start]));
      await expect.poll(() => served.length).toBe(1);
      await client.send(bytes);
      expect(await promise).toBe("the client reset the stream");
      if (code === undefined) return;
      await client.until(() => errorCode(client) !== undefined);
      expect(errorCode(client)).toBe(code);
    });
  });
});

describe("HTTP/2 sessions that do not get on", () => {
  const idleWays: Readonly<Record<string, Buffer>> = {
    "sends the preface and no request": clientPreface,
    "never ends its headers": Buffer.concat([
      clientPreface,
      frame({ type: "headers", flags: flags.endStream, stream: 1, payload: headerBlock(requestFields()) }),
    ]),
    "pings and sends no request": Buffer.concat([
      clientPreface,
      frame({ type: "ping", payload: Buffer.alloc(8) }),
    ]),
  };
  it.each(Object.entries(idleWays))("closes one that %s", async (_name, bytes) => {
    const clock = createFakeClock();
    const { connect, meter, listener } = await serve({ clock });
    const client = await connect();
    await client.send(bytes);
    await client.until(() => client.bytes.length > 0);
    await clock.advance(4_500);
    expect(client.hasEnded).toBe(false);
    await clock.advance(500);
    await client.ended();
    expect(errorCode(client)).toBe(constants.NGHTTP2_NO_ERROR);
    const refused = "llmproxy_listener_refused_connections_total";
    expect(meter.value(refused, { reason: "session_first_request" })).toBe(1);
    await listener.close();
    expect(clock.pending).toBe(0);
  });

  it("closes one that does not acknowledge the settings", async () => {
    const clock = createFakeClock();
    const serving = await serve({ clock });
    const client = await serving.connect();
    await client.send(Buffer.concat([clientPreface, requestFrame(1)]));
    await client.until(() => answersTo(client).some(({ flags: bits }) => (bits & flags.endStream) > 0));
    await clock.advance(5_000);
    await client.ended();
    expect(errorCode(client)).toBe(constants.NGHTTP2_SETTINGS_TIMEOUT);
  });

  it("asks one that is idle to go, and its connection ends", async () => {
    const clock = createFakeClock();
    const serving = await serve({ clock, limits: { sessionIdleTimeoutMs: 60_000 } });
    const client = session(serving);
    await answer(client.request({}));
    await clock.advance(59_000);
    await answer(client.request({}));
    await clock.advance(59_500);
    expect(client.closed).toBe(false);
    const [goaway] = await Promise.all([once(client, "goaway"), clock.advance(1_000)]);
    expect(goaway[0]).toBe(constants.NGHTTP2_NO_ERROR);
    if (!client.destroyed) await once(client, "close");
  });

  it("lets the streams of one that is old come to their end, and takes no new ones", async () => {
    const clock = createFakeClock();
    const { promise: released, resolve: release } = gate();
    const serving = await serve({
      clock,
      limits: { sessionMaxAgeMs: 100_000 },
      handler: (_request, response) => void released.then(() => response.end("late")),
    });
    const client = await serving.connect();
    await openSession(client);
    await client.send(requestFrame(1));
    await expect.poll(() => serving.served.length).toBe(1);
    await clock.advance(89_000);
    expect(errorCode(client)).toBeUndefined();
    await clock.advance(22_000);
    await client.until(() => errorCode(client) !== undefined);
    expect(errorCode(client)).toBe(constants.NGHTTP2_NO_ERROR);
    await client.send(requestFrame(3));
    await clock.advance(60_000);
    expect(client.hasEnded).toBe(false);
    release();
    await client.ended();
    const [goaway, ...more] = answersTo(client).filter(({ type }) => type === "goaway");
    expect(Buffer.from(goaway?.payload ?? []).readUInt32BE(0)).toBe(1);
    expect(more.length).toBeLessThanOrEqual(1);
    expect(client.text).toContain("late");
    expect(serving.served).toEqual(["GET /"]);
  });

  it("keeps one whose only request takes longer than it may be idle", async () => {
    const clock = createFakeClock();
    const serving = await serve({ clock, handler: () => {}, limits: { sessionIdleTimeoutMs: 6_000 } });
    const client = await serving.connect();
    await openSession(client);
    await client.send(requestFrame(1));
    await expect.poll(() => serving.served.length).toBe(1);
    await clock.advance(60_000);
    expect(errorCode(client)).toBeUndefined();
  });

  it("does not wait for ever for a client that does not close its side", async () => {
    const clock = createFakeClock();
    const serving = await serve({ clock, limits: { sessionIdleTimeoutMs: 6_000, lingerTimeoutMs: 2_000 } });
    const client = await serving.connect();
    client.socket.allowHalfOpen = true;
    await openSession(client);
    await client.send(requestFrame(1));
    await client.until(() => answersTo(client).some(({ flags: bits }) => (bits & flags.endStream) > 0));
    await clock.advance(6_500);
    await client.ended();
    const open = () => serving.meter.value("llmproxy_listener_connections");
    expect(open()).toBe(1);
    await clock.advance(3_000);
    await expect.poll(open).toBe(0);
  });

  it("ends one whose client ends its side", async () => {
    const serving = await serve();
    const client = await serving.connect();
    await openSession(client);
    client.socket.end();
    await client.ended();
    await expect.poll(() => serving.meter.value("llmproxy_listener_connections")).toBe(0);
  });

  it("spreads the ages by a tenth up and down", async () => {
    const clock = createFakeClock();
    const serving = await serve({
      clock,
      limits: { sessionMaxAgeMs: 1_000_000, sessionIdleTimeoutMs: 10_000_000 },
    });
    const goneAfterMs: number[] = [];
    for (let count = 0; count < 20; count += 1) {
      const client = session(serving);
      await answer(client.request({}));
      client.once("goaway", () => goneAfterMs.push(clock.monotonic() - 1_000));
    }
    for (let elapsed = 0; elapsed < 1_110_000; elapsed += 10_000) await clock.advance(10_000);
    await expect.poll(() => goneAfterMs.length).toBe(20);
    expect(Math.min(...goneAfterMs)).toBeGreaterThanOrEqual(900_000);
    expect(Math.max(...goneAfterMs)).toBeLessThanOrEqual(1_110_000);
    expect(new Set(goneAfterMs).size).toBeGreaterThan(1);
  });

  describe("by pings", () => {
    const ping = frame({ type: "ping", payload: Buffer.from("testping") });

    async function pinging(
      everyMs: number,
      count: number,
      before: (sent: number) => Buffer = () => Buffer.alloc(0),
    ) {
      const clock = createFakeClock();
      const { connect, meter } = await serve({ clock });
      const client = await connect();
      await openSession(client);
      await client.send(requestFrame(1));
      await client.until(() => answersTo(client).some(({ flags: bits }) => (bits & flags.endStream) > 0));
      for (let sent = 1; sent <= count && !client.hasEnded; sent += 1) {
        await client.send(Buffer.concat([before(sent), ping]));
        const isAnswered = () => answersTo(client).filter(({ type }) => type === "ping").length >= sent;
        await client.until(() => isAnswered() || errorCode(client) !== undefined);
        await clock.advance(everyMs);
      }
      return { client, meter };
    }

    it("closes one without streams that pings every 100 ms", async () => {
      const { client, meter } = await pinging(100, 20);
      await client.ended();
      expect(errorCode(client)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      expect(client.text).toContain("too_many_pings");
      const refused = "llmproxy_listener_refused_connections_total";
      expect(meter.value(refused, { reason: "session_pings" })).toBe(1);
    });

    it("keeps one that pings every 100 ms with requests in between", async () => {
      const { client } = await pinging(100, 30, (sent) =>
        sent % 5 === 0 ? requestFrame(streamId(sent)) : Buffer.alloc(0),
      );
      expect(client.hasEnded).toBe(false);
    });

    it("keeps one that pings every 100 ms while a request runs", async () => {
      const clock = createFakeClock();
      const { connect, served } = await serve({ clock, handler: () => {} });
      const client = await connect();
      await openSession(client);
      await client.send(requestFrame(1));
      await expect.poll(() => served.length).toBe(1);
      for (let sent = 1; sent <= 30; sent += 1) {
        await client.send(ping);
        await client.until(() => answersTo(client).filter(({ type }) => type === "ping").length >= sent);
        await clock.advance(100);
      }
      expect(errorCode(client)).toBeUndefined();
    });

    it("keeps one that pings every 10 s", async () => {
      const { client } = await pinging(10_000, 20);
      expect(client.hasEnded).toBe(false);
    });
  });
});

describe("HTTP/2 in heavy use", () => {
  it("takes three uploads of 20 MB at once on one session", async () => {
    const sizes: number[] = [];
    const serving = await serve({
      limits: { sessionCheckIntervalMs: 20 },
      handler: (request, response) => {
        let size = 0;
        request.on("data", (chunk: Buffer) => {
          size += chunk.length;
        });
        request.on("end", () => {
          sizes.push(size);
          response.end();
        });
      },
    });
    const client = session(serving);
    const body = Buffer.alloc(20_000_000, "x");
    const uploads = [1, 2, 3].map(() => {
      const stream = client.request({ ":method": "POST" });
      stream.end(body);
      return answer(stream);
    });
    expect((await Promise.all(uploads)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(sizes).toEqual([20_000_000, 20_000_000, 20_000_000]);
  });

  it("takes an upload whose handler reads the stream below the request", async () => {
    const serving = await serve({
      limits: { sessionCheckIntervalMs: 5 },
      handler: (request, response) => {
        if (!("stream" in request)) return;
        request.stream.on("data", () => {});
        request.stream.on("end", () => response.end());
      },
    });
    const stream = session(serving).request({ ":method": "POST" });
    stream.end(Buffer.alloc(5_000_000));
    expect((await answer(stream)).status).toBe(200);
  });

  it("counts the part of a body that comes together with its headers", async () => {
    const clock = createFakeClock();
    const { connect, served } = await serve({
      clock,
      handler: () => {},
      limits: { sessionOverheadBytes: 2_000, sessionOverheadBytesPerStream: 1 },
    });
    const client = await connect();
    const body = frame({ type: "data", stream: 1, payload: Buffer.alloc(16_000) });
    await client.send(Buffer.concat([clientPreface, post, body]));
    await expect.poll(() => served.length).toBe(1);
    await clock.advance(2_000);
    expect(errorCode(client)).toBeUndefined();
  });

  it("takes thousands of requests, many of them refused with their body unread", async () => {
    const serving = await serve({
      limits: { sessionCheckIntervalMs: 5 },
      handler: (request, response) => {
        if (request.method === "POST") response.statusCode = 429;
        response.end();
      },
    });
    const client = session(serving);
    const statuses = new Map<number, number>();
    for (let batch = 0; batch < 40; batch += 1) {
      const requests = Array.from({ length: 50 }, (_, index) => {
        const isUpload = index % 5 === 0;
        const stream = client.request({ ":method": isUpload ? "POST" : "GET", "x-padding": "p".repeat(500) });
        stream.end(isUpload ? Buffer.alloc(30_000) : undefined);
        // With its upload complete: Node refuses a client that is at the limit while it tidies up a stream.
        return Promise.all([answer(stream), once(stream, "close")]);
      });
      for (const [{ status }] of await Promise.all(requests))
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 429: 400, 200: 1_600 });
    expect(client.closed).toBe(false);
  });

  it("throws away what is left of a body so that the answer can be read, but not for ever", async () => {
    const clock = createFakeClock();
    const serving = await serve({
      clock,
      limits: { discardTimeoutMs: 3_000 },
      handler: (_request, response) => response.end("no"),
    });
    const client = session(serving);
    const patient = client.request({ ":method": "POST" });
    patient.end(Buffer.alloc(5_000_000));
    expect((await answer(patient)).body.toString()).toBe("no");

    const endless = client.request({ ":method": "POST" });
    const closed = once(endless, "close");
    endless.write("x");
    expect((await answer(endless)).body.toString()).toBe("no");
    await clock.advance(2_900);
    expect(endless.closed).toBe(false);
    await clock.advance(100);
    await closed;
    expect(endless.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("sends a long answer to a client that acknowledges every few bytes", async () => {
    const serving = await serve({
      limits: { sessionCheckIntervalMs: 5 },
      handler: (_request, response) => response.end(Buffer.alloc(10_000_000)),
    });
    const client = await serving.connect();
    await client.send(Buffer.concat([clientPreface, requestFrame(1)]));
    let acknowledged = 0;
    const acknowledge = [0, 1].map((stream) => frame({ type: "windowUpdate", stream, payload: uint32(400) }));
    for (; acknowledged < 8_000_000; acknowledged += 400) {
      await client.until(({ receivedBytes }) => receivedBytes >= acknowledged + 400);
      client.socket.write(Buffer.concat(acknowledge));
    }
    expect(client.hasEnded).toBe(false);
  });
});

describe("expect: 100-continue over HTTP/2", () => {
  it("invites the body when the handler reads", async () => {
    const { promise: admitted, resolve: admit } = gate();
    const serving = await serve({
      handler: (request, response) => void admitted.then(() => echo(request, response)),
    });
    const stream = session(serving).request({ ":method": "POST", expect: "100-continue" });
    let invited = false;
    stream.once("continue", () => {
      invited = true;
      stream.end("hello");
    });
    await expect.poll(() => serving.served.length).toBe(1);
    expect(invited).toBe(false);
    admit();
    expect((await answer(stream)).body.toString()).toBe("hello");
    expect(invited).toBe(true);
  });

  it("never invites a body that the handler does not want", async () => {
    const serving = await serve({
      handler: (_request, response) => {
        response.statusCode = 401;
        response.end();
      },
    });
    const stream = session(serving).request({ ":method": "POST", expect: "100-continue" });
    let invited = false;
    stream.once("continue", () => {
      invited = true;
    });
    expect((await answer(stream)).status).toBe(401);
    expect(invited).toBe(false);
  });
});

describe("HTTP/2 trailers", () => {
  it("are never taken for headers", async () => {
    const seen = Promise.withResolvers<unknown>();
    const serving = await serve({
      handler: (request, response) => {
        readBody(request).then(() => seen.resolve(request.headers.authorization), seen.reject);
        response.end();
      },
    });
    const stream = session(serving).request({ ":method": "POST" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ authorization: "Bearer x" }));
    stream.end("body");
    expect(await seen.promise).toBeUndefined();
  });
});
