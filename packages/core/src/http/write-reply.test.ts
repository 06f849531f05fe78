import { createServer, get, type IncomingMessage } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { type Clock, type FramesReply, ProxyError } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { afterEach, describe, expect, it } from "vitest";
import { clientSignal, type HttpRequest, type HttpResponse } from "./exchange.ts";
import { writeReply } from "./write-reply.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A stream that gives its frames and then ends, or fails with what stands last. */
function replyOf(frames: Iterable<string | ProxyError>, canceled: ProxyError[] = []): FramesReply {
  const source = frames[Symbol.iterator]();
  return {
    form: "frames",
    dialect: "openai-chat",
    status: 200,
    headers: {},
    stream: true,
    onEnd() {},
    cancel: (reason) => void canceled.push(reason),
    frames: {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        const { done, value } = source.next();
        if (value instanceof ProxyError) throw value;
        return done ? { done: true, value: undefined } : { done: false, value: Buffer.from(value as string) };
      },
      async return() {
        return { done: true, value: undefined };
      },
    },
  };
}

interface Served {
  readonly port: number;
  /** Resolves when the reply has been written or given up. */
  readonly written: Promise<void>;
}

async function serve(
  reply: FramesReply,
  clock: Clock = createFakeClock(),
  version: "h1" | "h2" = "h1",
): Promise<Served> {
  const done = Promise.withResolvers<void>();
  const handle = (_request: HttpRequest, response: HttpResponse): void => {
    const options = {
      headers: { "x-test": "1" },
      errorFrame: (error: ProxyError) => `data: {"error":"${error.code}"}\n\n`,
      clock,
      signal: clientSignal(response),
      stallMs: 30_000,
    };
    writeReply(reply, response, options).then(done.resolve, done.reject);
  };
  const server = version === "h1" ? createServer(handle) : createHttp2Server(handle);
  closers.push(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, written: done.promise };
}

/** The body as far as it came, and whether HTTP says that it was complete. */
async function read(
  port: number,
): Promise<{ text: string; complete: boolean; headers: IncomingMessage["headers"] }> {
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("error", () => {});
      response.on("close", () => resolve({ text, complete: response.complete, headers: response.headers }));
    }).on("error", reject);
  });
}

describe("writeReply", () => {
  it("writes a stream to its end", async () => {
    const { port, written } = await serve(replyOf(["data: 1\n\n", "data: [DONE]\n\n"]));
    const { text, complete, headers } = await read(port);
    expect([text, complete]).toEqual(["data: 1\n\ndata: [DONE]\n\n", true]);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "x-test": "1",
      "cache-control": "no-cache",
    });
    await written;
  });

  it("ends a cut stream with an error frame and without an HTTP end", async () => {
    const { port } = await serve(replyOf(["data: 1\n\n", new ProxyError("upstream_cut", "cut")]));
    expect(await read(port)).toMatchObject({
      text: 'data: 1\n\ndata: {"error":"upstream_cut"}\n\n',
      complete: false,
    });
  });

  it("resets a cut stream of HTTP/2", async () => {
    const { port } = await serve(
      replyOf(["data: 1\n\n", new ProxyError("upstream_cut", "cut")]),
      createFakeClock(),
      "h2",
    );
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    closers.push(() => session.destroy());
    const stream = session.request({ ":path": "/" });
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on("error", () => {});
    await new Promise<void>((resolve) => stream.on("close", resolve));
    expect(text).toBe('data: 1\n\ndata: {"error":"upstream_cut"}\n\n');
    expect(stream.rstCode).not.toBe(0);
  });

  it("throws what a unary reply fails with, so that it can still be answered", async () => {
    const error = new ProxyError("upstream_failed", "the answer is no JSON");
    const { port, written } = await serve({ ...replyOf([error]), stream: false });
    const request = get({ port, host: "127.0.0.1", agent: false });
    request.on("error", () => {});
    await expect(written).rejects.toBe(error);
    request.destroy();
  });

  it("gives a unary reply its length", async () => {
    const { port } = await serve({ ...replyOf(['{"a":', "1}"]), stream: false });
    expect(await read(port)).toMatchObject({
      text: '{"a":1}',
      headers: { "content-length": "7", "content-type": "application/json" },
    });
  });

  it("stops when the client leaves", async () => {
    const canceled: ProxyError[] = [];
    const endless = (function* () {
      for (;;) yield "data: x\n\n".repeat(1000);
    })();
    const { port, written } = await serve(replyOf(endless, canceled));
    get({ port, host: "127.0.0.1", agent: false }, (response) =>
      response.once("data", () => response.destroy()),
    ).on("error", () => {});
    await written;
    expect(canceled).toMatchObject([{ code: "canceled", message: "the client closed the connection" }]);
  });

  it("gives a client up that stops reading", async () => {
    const clock = createFakeClock();
    const canceled: ProxyError[] = [];
    const endless = (function* () {
      for (;;) yield "data: x\n\n".repeat(10_000);
    })();
    const { port, written } = await serve(replyOf(endless, canceled), clock);
    get({ port, host: "127.0.0.1", agent: false }, (response) => response.pause()).on("error", () => {});
    await expect.poll(() => clock.pending, { timeout: 5000 }).toBe(1);
    await clock.advance(30_000);
    await written;
    expect(canceled).toMatchObject([{ code: "canceled", message: "the client stopped reading" }]);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["unary", { ...replyOf(["x".repeat(20_000_000)]), stream: false }],
    ["streamed, in its last frame", replyOf(["data: 1\n\n", `data: ${"x".repeat(20_000_000)}\n\n`])],
  ])("gives a client up that does not take what is left of an answer: %s", async (_what, reply) => {
    const clock = createFakeClock();
    const { port, written } = await serve(reply, clock);
    const client = get({ port, host: "127.0.0.1", agent: false }, (response) => response.pause());
    const closed = new Promise((resolve) => client.on("close", resolve));
    client.on("error", () => {});
    await expect.poll(() => clock.pending, { timeout: 5000 }).toBe(1);
    await clock.advance(30_000);
    await written;
    expect(clock.pending).toBe(0);
    client.destroy();
    await closed;
  });
});
