import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "../fake-clock.ts";
import { expectNoLeaks } from "../leak-check.ts";
import { until } from "../until.ts";
import { type Answer, answerByPath, type Fault, jsonAnswer } from "./answer.ts";
import { createFakeUpstream } from "./fake-upstream.ts";

/** Sends a POST on a connection of its own. */
function post(url: string, body = "", agent: Agent | false = false): ClientRequest {
  const sent = request(url, {
    method: "POST",
    agent,
    headers: { "content-type": "text/plain", "X-Odd": "1" },
  });
  sent.end(body);
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(sent, "response");
  return response;
}

/** Sends a POST over a bare socket and returns all bytes until the connection ends, or the error's code. */
async function rawAnswer(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
  const received: Buffer[] = [];
  const failure = await new Promise<string>((resolve) => {
    socket.on("data", (bytes: Buffer) => received.push(bytes));
    socket.on("end", () => resolve(""));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(`<${error.code}>`));
  });
  socket.destroy();
  return Buffer.concat(received).toString("latin1") + failure;
}

describe("createFakeUpstream", () => {
  it("records what it receives", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "{}" });
    const response = await answerOf(post(`${upstream.url}/v1/x?a=1`, '{"é":1}'));
    expect(await text(response)).toBe("{}");
    const received = await upstream.waitForRequest();
    expect(received).toMatchObject({ method: "POST", path: "/v1/x?a=1", connection: 1, isAborted: false });
    expect(received.headers["x-odd"]).toBe("1");
    expect(received.rawHeaders).toContain("X-Odd");
    expect(received.body).toEqual(Buffer.from('{"é":1}'));
    expect(received.json()).toEqual({ é: 1 });
  });

  it("answers in turn and repeats the last answer", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "a", status: 429, headers: { "retry-after": "7" } }, jsonAnswer({ b: 1 }));
    const seen: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      const response = await answerOf(post(upstream.url));
      seen.push([response.statusCode, response.headers["retry-after"], await text(response)]);
    }
    expect(seen).toEqual([
      [429, "7", "a"],
      [200, undefined, '{"b":1}'],
      [200, undefined, '{"b":1}'],
    ]);
  });

  it("lets a function choose the answer", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(async (received) => ({ body: received.body.toString("utf8").toUpperCase() }));
    expect(await text(await answerOf(post(upstream.url, "loud")))).toBe("LOUD");
  });

  it.each([
    ["without a script", undefined, "no answer has been scripted"],
    ["when its function throws", () => Promise.reject(new Error("broken script")), "broken script"],
  ])("answers 500 and says why %s", async (_, script, message) => {
    await using upstream = await createFakeUpstream();
    if (script) upstream.respond(script);
    const response = await answerOf(post(`${upstream.url}/a`));
    expect(response.statusCode).toBe(500);
    expect(await text(response)).toContain(`fake upstream: POST /a: ${message}`);
  });

  it("streams chunk by chunk, each when the one before is out", async () => {
    await using upstream = await createFakeUpstream();
    const gate = Promise.withResolvers<void>();
    upstream.respond({
      stream: (async function* () {
        yield "first";
        await gate.promise;
        yield new Uint8Array([0xff, 0x00]);
      })(),
    });
    const response = await answerOf(post(upstream.url));
    expect(response.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    const chunks = response[Symbol.asyncIterator]();
    expect((await chunks.next()).value).toEqual(Buffer.from("first"));
    expect(upstream.requests[0]).toMatchObject({ bytesSent: 5, chunksProduced: 1, isClosed: false });
    gate.resolve();
    expect((await chunks.next()).value).toEqual(Buffer.from([0xff, 0x00]));
    expect((await chunks.next()).done).toBe(true);
    expect(await upstream.waitForClose()).toMatchObject({ bytesSent: 7, isAborted: false, isClosed: true });
  });

  it("replaces the default content type", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({
      body: "<html>",
      headers: { "content-type": "text/html", "set-cookie": ["a=1", "b=2"] },
    });
    const { headers } = await answerOf(post(upstream.url));
    expect(headers).toMatchObject({ "content-type": "text/html", "set-cookie": ["a=1", "b=2"] });
  });

  it("waits on its clock before the headers and before each chunk", async () => {
    const clock = createFakeClock();
    await using upstream = await createFakeUpstream({ clock });
    upstream.respond({ stream: ["a", "b"], headersDelayMs: 1_000, chunkDelayMs: 100 });
    const sent = post(upstream.url);
    const answered = answerOf(sent);
    await upstream.waitForRequest();
    await until(() => clock.pending === 1);
    await clock.advance(1_000);
    const response = await answered;
    await until(() => clock.pending === 1);
    expect(upstream.requests[0]?.bytesSent).toBe(0);
    await clock.advance(100);
    expect((await once(response, "data"))[0]).toEqual(Buffer.from("a"));
    await until(() => clock.pending === 1);
    const ended = once(response, "end");
    await clock.advance(100);
    await ended;
    expect(clock.pending).toBe(0);
  });

  it("compresses whole bodies and streams", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "x".repeat(100_000), gzip: true }, { stream: ["one ", "two"], gzip: true });
    for (const expected of ["x".repeat(100_000), "one two"]) {
      const response = await answerOf(post(upstream.url));
      expect(response.headers["content-encoding"]).toBe("gzip");
      const bytes = Buffer.concat(await response.toArray());
      expect(gunzipSync(bytes).toString("utf8")).toBe(expected);
    }
  });

  it("serves large headers and redirects", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({
      body: "",
      status: 307,
      headers: { location: "http://169.254.169.254/", "x-big": "y".repeat(9_000) },
    });
    const response = await answerOf(post(upstream.url));
    expect(response.statusCode).toBe(307);
    expect(response.headers["x-big"]).toHaveLength(9_000);
  });

  it("chooses by path with answerByPath", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(
      answerByPath({ "/models": { body: "m" }, "/chat": (received) => ({ body: received.body }) }),
    );
    expect(await text(await answerOf(post(`${upstream.url}/v1/models?x=1`)))).toBe("m");
    expect(await text(await answerOf(post(`${upstream.url}/v1/chat`, "c")))).toBe("c");
    expect((await answerOf(post(`${upstream.url}/elsewhere`))).statusCode).toBe(404);
  });

  it("counts connections, reused ones once", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "{}" });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let round = 0; round < 2; round++) await text(await answerOf(post(upstream.url, "", agent)));
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 1]);
    expect({ all: upstream.connections, open: upstream.openConnections }).toEqual({ all: 1, open: 1 });
    agent.destroy();
    await until(() => upstream.openConnections === 0);
  });
});

describe("a fault of a fake upstream", () => {
  const head = (response: string): string => response.slice(0, response.indexOf("\r\n\r\n") + 4);
  const stream = ["aaaa", "bbbb", "cccc"];

  it.each<[Fault["kind"], string]>([
    ["cut", ""],
    ["half-close", ""],
    ["reset", "<ECONNRESET>"],
  ])("%s before the headers", async (kind, expected) => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ stream, fault: { kind } });
    expect(await rawAnswer(upstream.url)).toBe(expected);
  });

  it.each<[Fault["kind"], number, string]>([
    ["cut", 0, ""],
    ["cut", 6, "4\r\naaaa\r\n2\r\nbb\r\n"],
    ["half-close", 8, "4\r\naaaa\r\n4\r\nbbbb\r\n"],
    ["reset", 6, "4\r\naaaa\r\n2\r\nbb\r\n<ECONNRESET>"],
    ["cut", 1_000, "4\r\naaaa\r\n4\r\nbbbb\r\n4\r\ncccc\r\n"],
  ])("%s after %d bytes leaves the body without its end", async (kind, afterBytes, expected) => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ stream, fault: { kind, afterBytes } });
    const response = await rawAnswer(upstream.url);
    expect(head(response)).toContain("Transfer-Encoding: chunked");
    expect(response.slice(head(response).length)).toBe(expected);
    expect(await upstream.waitForClose()).toMatchObject({
      bytesSent: Math.min(afterBytes, 12),
      isAborted: false,
    });
  });

  it("cuts a whole body short of its content-length", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "0123456789", fault: { kind: "cut", afterBytes: 4 } });
    const response = await rawAnswer(upstream.url);
    expect(response).toMatch(/content-length: 10\r\n(?:.+\r\n)*\r\n0123$/);
  });

  it.each<[string, Answer, number]>([
    ["before the headers", { stream, fault: { kind: "stall" } }, 0],
    ["after the headers", { stream, fault: { kind: "stall", afterBytes: 0 } }, 0],
    ["within the body", { stream, fault: { kind: "stall", afterBytes: 5 } }, 5],
  ])("stall %s holds the connection until the client leaves", async (_, answer, bytesSent) => {
    await using upstream = await createFakeUpstream();
    upstream.respond(answer);
    const sent = post(upstream.url).on("error", () => {});
    await upstream.waitForRequest();
    await until(() => upstream.requests[0]?.bytesSent === bytesSent);
    expect(upstream.requests[0]?.isClosed).toBe(false);
    sent.destroy();
    expect(await upstream.waitForClose()).toMatchObject({ bytesSent, isAborted: true });
  });

  it("sends bytes that are no HTTP", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ raw: "SSH-2.0-OpenSSH_9.9\r\n" });
    expect(await rawAnswer(upstream.url)).toBe("SSH-2.0-OpenSSH_9.9\r\n");
  });
});

describe("a client that leaves a fake upstream", () => {
  it("is noticed before the next chunk, and the stream is given up", async () => {
    await using upstream = await createFakeUpstream();
    const given = Promise.withResolvers<void>();
    const stream = {
      [Symbol.asyncIterator]: () => ({
        count: 0,
        next() {
          return this.count++ === 0
            ? Promise.resolve({ done: false as const, value: "first" })
            : new Promise<never>(() => {});
        },
        async return() {
          given.resolve();
          return { done: true as const, value: undefined };
        },
      }),
    };
    upstream.respond({ stream });
    const sent = post(upstream.url);
    const response = await answerOf(sent);
    await once(response, "data");
    response.destroy();
    expect(await upstream.waitForClose()).toMatchObject({
      isAborted: true,
      bytesSent: 5,
      chunksProduced: 1,
    });
    await given.promise;
  });

  it("does not stop an upstream that ignores cancellation", async () => {
    const clock = createFakeClock();
    await using upstream = await createFakeUpstream({ clock });
    upstream.respond({ stream: ["a", "b", "c"], chunkDelayMs: 10, ignoreCancellation: true });
    const sent = post(upstream.url).on("error", () => {});
    await upstream.waitForRequest();
    sent.destroy();
    await upstream.waitForClose();
    await until(async () => {
      await clock.advance(10);
      return upstream.requests[0]?.chunksProduced === 3;
    });
    expect(upstream.requests[0]).toMatchObject({ bytesSent: 0, isAborted: true });
  });

  it("is noticed while its request is still coming", async () => {
    await using upstream = await createFakeUpstream();
    const sent = request(upstream.url, { method: "POST", headers: { "content-length": "100" } });
    sent.on("error", () => {});
    sent.write("half of it");
    await until(() => upstream.requests.length === 1);
    sent.destroy();
    expect(await upstream.waitForRequest()).toMatchObject({ isAborted: true });
  });

  it("does not hold up a large answer it never reads", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ stream: Array.from({ length: 64 }, () => Buffer.alloc(1 << 20)) });
    const response = await answerOf(post(upstream.url));
    response.pause();
    await until(() => (upstream.requests[0]?.bytesSent ?? 0) > 0);
    response.destroy();
    const closed = await upstream.waitForClose();
    expect(closed.isAborted).toBe(true);
    expect(closed.bytesSent).toBeLessThan(64 << 20);
  });
});

describe("closing a fake upstream", () => {
  it("ends everything, also answers on their way", async () => {
    await expectNoLeaks(async () => {
      const upstream = await createFakeUpstream();
      upstream.respond({ stream: ["a"], fault: { kind: "stall", afterBytes: 1 } });
      const response = await answerOf(post(upstream.url));
      const failed = expect(text(response)).rejects.toMatchObject({ code: "ECONNRESET" });
      await upstream.close();
      await upstream.close();
      await failed;
    });
  });

  it("frees the port", async () => {
    const upstream = await createFakeUpstream();
    await upstream.close();
    const server = createServer().listen(Number(new URL(upstream.url).port), "127.0.0.1");
    await once(server, "listening");
    expect((server.address() as AddressInfo).port).toBeGreaterThan(0);
    server.close();
    await once(server, "close");
  });

  it("tells those who wait for what will not come", async () => {
    const upstream = await createFakeUpstream();
    const waiting = [upstream.waitForRequest(2), upstream.waitForClose()];
    const refused = Promise.all(
      waiting.map((promise) => expect(promise).rejects.toThrow("the upstream closed")),
    );
    await upstream.close();
    await refused;
    await expect(upstream.waitForRequest()).rejects.toThrow("before request 1 came; 0 came");
  });
});
