import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { ProxyError } from "@llmproxy/spec";
import { afterEach, describe, expect, it } from "vitest";
import { checkJsonContent, readBody } from "./read-body.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves one handler; what it rejects with is answered as JSON with the error's status. */
async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
): Promise<number> {
  const server = createServer((request, response) => {
    handle(request, response)
      .then((value) => response.end(JSON.stringify(value)))
      .catch((reason: unknown) => {
        const error = ProxyError.from(reason);
        response.writeHead(error.status).end(JSON.stringify({ code: error.code, message: error.message }));
      });
  });
  closers.push(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const never = () => new AbortController().signal;
const post = (port: number, body: string | ReadableStream<Uint8Array>, headers = {}) =>
  fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body,
    headers,
    ...(body instanceof ReadableStream && { duplex: "half" }),
  });

function streamOf(bytes: number, pieces: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= 1;
      controller.enqueue(new Uint8Array(bytes / pieces).fill(97));
    },
  });
}

describe("readBody", () => {
  it("reads a body that comes in many pieces", async () => {
    const port = await serve(async (request) => (await readBody(request, 1000, never())).length);
    expect(await (await post(port, streamOf(1000, 10))).json()).toBe(1000);
  });

  it("reads an empty body", async () => {
    const port = await serve(async (request) => (await readBody(request, 1000, never())).length);
    expect(await (await post(port, "")).json()).toBe(0);
  });

  it.each([
    ["declared by content-length", "x".repeat(1001)],
    ["sent in chunks without a length", streamOf(2000, 4)],
  ])("refuses more than the limit, %s", async (_how, body) => {
    const port = await serve((request) => readBody(request, 1000, never()));
    const answer = await post(port, body);
    expect([answer.status, await answer.json()]).toEqual([
      413,
      { code: "too_large", message: "the body is larger than 1000 bytes" },
    ]);
  });

  it("ends as canceled when the client breaks off within the body", async () => {
    const failed = Promise.withResolvers<ProxyError>();
    const port = await serve((request) =>
      readBody(request, 1000, never()).catch((error: ProxyError) => failed.resolve(error)),
    );
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc", () => socket.destroy());
    });
    expect(await failed.promise).toMatchObject({ code: "canceled" });
  });

  it("ends with the signal's reason and leaves nothing behind", async () => {
    const controller = new AbortController();
    const reason = new ProxyError("canceled", "the server stops");
    const seen = Promise.withResolvers<unknown[]>();
    const port = await serve(async (request) => {
      const reading = readBody(request, 1000, controller.signal);
      controller.abort(reason);
      const error = await reading.catch((caught: unknown) => caught);
      const names = ["data", "end", "error"] as const;
      seen.resolve([
        error,
        getEventListeners(controller.signal, "abort").length,
        ...names.map((name) => request.listenerCount(name)),
      ]);
    });
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");
    });
    closers.push(() => socket.destroy());
    const [error, ...counts] = await seen.promise;
    expect(error).toBe(reason);
    expect(counts).toEqual([0, 0, 0, 0]);
  });
});

describe("checkJsonContent", () => {
  it.each([
    ["application/json", undefined],
    ["application/json; charset=utf-8", undefined],
    ["Application/JSON", "identity"],
  ])("takes %s", async (type, encoding) => {
    const port = await serve(async (request) => checkJsonContent(request) ?? "taken");
    const headers = { "content-type": type, ...(encoding && { "content-encoding": encoding }) };
    expect(await (await post(port, "{}", headers)).json()).toBe("taken");
  });

  it.each([
    ["text/plain", undefined, "content-type: expected application/json"],
    ["application/x-www-form-urlencoded", undefined, "content-type: expected application/json"],
    ["application/jsonp", undefined, "content-type: expected application/json"],
    ["application/json", "gzip", "content-encoding: expected an uncompressed body"],
  ])("refuses %s with encoding %s", async (type, encoding, message) => {
    const port = await serve(async (request) => checkJsonContent(request));
    const headers = { "content-type": type, ...(encoding && { "content-encoding": encoding }) };
    const answer = await post(port, "{}", headers);
    expect([answer.status, await answer.json()]).toEqual([415, { code: "unsupported_media_type", message }]);
  });
});
