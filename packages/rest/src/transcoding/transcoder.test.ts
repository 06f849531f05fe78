import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import type { Rpc, RpcAccess, RpcContext, RpcOutput, ServerStreamRpc } from "@llmproxy/services";
import { createRpcRegistry, open, operation } from "@llmproxy/services";
import { type JsonObject, ProxyError, silentLogger } from "@llmproxy/spec";
import { createFakeClock, until } from "@llmproxy/testing";
import { afterEach, describe, expect, it } from "vitest";
import { unaryMethods, watchMethod } from "../testing/everything.ts";
import { http2Request, startTestServer, type TestServer } from "../testing/test-server.ts";
import type { TranscoderOptions } from "./options.ts";
import { createTranscoder } from "./transcoder.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

type Handle = (message: Message, context: RpcContext) => RpcOutput | Promise<RpcOutput>;

/** The methods of the test service; each answers with its request unless a test says otherwise. */
function rpcs(handle: Handle = (message) => message, access: RpcAccess = open): readonly Rpc[] {
  return unaryMethods.map((method) => ({
    kind: "unary",
    access,
    method,
    handle: async (message, context) => handle(message, context),
  }));
}

function watch(handle: ServerStreamRpc["handle"]): Rpc {
  return { kind: "server-stream", access: open, method: watchMethod, handle };
}

/** A stream of nothing but an end. */
const nothing: AsyncIterable<RpcOutput> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

async function serve(served: readonly Rpc[], options: Partial<TranscoderOptions> = {}): Promise<TestServer> {
  const server = await startTestServer(served, options);
  servers.push(server);
  return server;
}

const json = { "content-type": "application/json" };

async function ask(url: string, method: string, target: string, body?: unknown, headers = {}) {
  const answer = await fetch(url + target, {
    method,
    headers: { ...(body !== undefined && json), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) as JsonObject };
}

describe("the request", () => {
  it.each<[string, string, unknown, JsonObject]>([
    [
      "POST",
      "/test/body",
      { text: "a", inner: { long: 5 } },
      { text: "a", inner: { text: "", long: 5, texts: [] } },
    ],
    ["POST", "/test/body", undefined, { text: "" }],
    ["POST", "/test/path/a%20b:undo", { int32_value: 1 }, { text: "a b", int32_value: 1 }],
    ["POST", "/test/path/a:undo", { text: "a" }, { text: "a" }],
    ["GET", "/test/query", undefined, { text: "" }],
    ["GET", "/test/query?text=a+b%2Bc", undefined, { text: "a b+c" }],
    ["GET", "/test/query?&text=&", undefined, { text: "" }],
    ["GET", "/test/query?maybe_text", undefined, { maybe_text: "" }],
    ["GET", "/test/query?maybeText=x", undefined, { maybe_text: "x" }],
    [
      "GET",
      "/test/query?inner.inner.text=x&inner.text=y",
      undefined,
      { inner: { text: "y", long: 0, texts: [], inner: { text: "x", long: 0, texts: [] } } },
    ],
    [
      "GET",
      "/test/query?inner.texts=x&inner.texts=y",
      undefined,
      { inner: { text: "", long: 0, texts: ["x", "y"] } },
    ],
    ["GET", "/test/query?repeated_text=a&repeated_text=b", undefined, { repeated_text: ["a", "b"] }],
    [
      "GET",
      "/test/query?color=RED&colors=1&colors=GREEN",
      undefined,
      { color: "RED", colors: ["RED", "GREEN"] },
    ],
    [
      "GET",
      "/test/query?flag=true&int64_value=-9007199254740993",
      undefined,
      { flag: true, int64_value: "-9007199254740993" },
    ],
    ["GET", "/test/query?double_value=1e3&data=YQ", undefined, { double_value: 1000, data: "YQ==" }],
    [
      "GET",
      "/test/query?time=2026-01-31T12:00:00Z&duration=1.5s",
      undefined,
      { time: "2026-01-31T12:00:00Z", duration: "1.500s" },
    ],
    [
      "GET",
      "/test/query?times=2026-01-31T12:00:00Z&times=2026-02-01T12:00:00Z",
      undefined,
      { times: ["2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z"] },
    ],
    ["GET", "/test/query?mask=name,allowedModels", undefined, { mask: "name,allowed_models" }],
    [
      "GET",
      "/test/query?bool_wrapper=false&int64_wrapper=7&string_wrapper=true",
      undefined,
      { bool_wrapper: false, int64_wrapper: 7, string_wrapper: "true" },
    ],
    ["GET", "/test/query?choice_number=0", undefined, { choice_number: 0 }],
    ["GET", "/test/path/x?int32_value=2", undefined, { text: "x", int32_value: 2 }],
    ["GET", "/test/path/special", undefined, { text: "" }],
    [
      "GET",
      "/test/nested/x/GREEN",
      undefined,
      { color: "GREEN", inner: { text: "", long: 0, texts: [], inner: { text: "x", long: 0, texts: [] } } },
    ],
    ["GET", "/test/nested/x/1", undefined, { color: "RED" }],
    ["GET", "/test/deep/projects/p/keys/k", undefined, { text: "projects/p/keys/k" }],
    ["GET", "/test/rest/a/b/c", undefined, { text: "a/b/c" }],
    [
      "PUT",
      "/test/field/x?int32_value=3",
      { text: "in" },
      { text: "x", int32_value: 3, inner: { text: "in", long: 0, texts: [] } },
    ],
    ["PUT", "/test/list", ["a", "b"], { repeated_text: ["a", "b"] }],
    ["PUT", "/test/several/x", { inner: { text: "y" } }, { text: "y" }],
    ["PURGE", "/test/several/x?flag=true", undefined, { text: "x", flag: true }],
  ])("%s %s %j means %j", async (method, target, body, expected) => {
    const { url } = await serve(rpcs());
    const answer = await ask(url, method, target, body);
    expect([answer.status, answer.json()]).toMatchObject([200, expected]);
  });

  it.each<[string, string, unknown, string, string | undefined]>([
    ["GET", "/test/query?txt=1", undefined, "txt: unknown query parameter; did you mean text?", "txt"],
    ["GET", "/test/query?key=sk-secret", undefined, "key: unknown query parameter", "key"],
    ["GET", "/test/query?text=a&text=b", undefined, "text: given twice", "text"],
    ["GET", "/test/query?maybe_text=a&maybeText=b", undefined, "maybe_text: given twice", "maybe_text"],
    [
      "GET",
      "/test/query?int32_value=",
      undefined,
      "int32_value: expected an integer of 32 bits",
      "int32_value",
    ],
    ["GET", "/test/query?flag=1", undefined, "flag: expected true or false", "flag"],
    ["GET", "/test/query?bool_wrapper=1", undefined, "bool_wrapper: expected true or false", "bool_wrapper"],
    [
      "GET",
      "/test/query?color=BLUE",
      undefined,
      "color: expected one of COLOR_UNSPECIFIED, RED, GREEN",
      "color",
    ],
    ["GET", "/test/query?inner=x", undefined, "inner: cannot be given in the query", "inner"],
    ["GET", "/test/query?inners=x", undefined, "inners: cannot be given in the query", "inners"],
    ["GET", "/test/query?labels=x", undefined, "labels: cannot be given in the query", "labels"],
    ["GET", "/test/query?labels.a=x", undefined, "labels.a: unknown query parameter", "labels.a"],
    ["GET", "/test/query?time.seconds=1", undefined, "time.seconds: unknown query parameter", "time.seconds"],
    ["GET", "/test/query?text=%zz", undefined, "text: expected percent-encoded utf-8 in the query", "text"],
    ["GET", "/test/query?%ff=1", undefined, "query: expected percent-encoded utf-8 in the query", "query"],
    [
      "GET",
      "/test/query?choice_text=a&choice_number=1",
      undefined,
      "choice_number: expected only one of choice_text, choice_number, choice_inner",
      "choice_number",
    ],
    [
      "GET",
      "/test/query?flag=1&int32_value=x",
      undefined,
      "flag: expected true or false; int32_value: expected an integer of 32 bits",
      "flag",
    ],
    ["GET", "/test/path/x?text=y", undefined, "text: expected in the path, not in the query", "text"],
    ["GET", "/test/path/%ff", undefined, "text: expected percent-encoded utf-8 in the path", "text"],
    [
      "GET",
      "/test/nested/x/BLUE",
      undefined,
      "color: expected one of COLOR_UNSPECIFIED, RED, GREEN",
      "color",
    ],
    ["POST", "/test/body?text=y", {}, "text: expected in the body, not in the query", "text"],
    ["POST", "/test/body?x=y", {}, "x: unknown query parameter", "x"],
    [
      "PUT",
      "/test/field/x?inner.text=y",
      {},
      "inner.text: expected in the body, not in the query",
      "inner.text",
    ],
    // The body is what stands in the field: paths are those in the body.
    ["PUT", "/test/field/x", { txt: 1 }, "txt: unknown field; did you mean text?", "txt"],
    ["PUT", "/test/list", ["a", 1], "repeated_text[1]: expected a string", "repeated_text[1]"],
    ["POST", "/test/body", "{", "body: malformed json", undefined],
    ["POST", "/test/body", [], "body: expected an object", undefined],
    [
      "POST",
      "/test/path/a:undo",
      { text: "b" },
      "text: expected the same as in the path, or nothing",
      "text",
    ],
    ["DELETE", "/test/gone/a", {}, "body: expected none", undefined],
  ])("%s %s %j is refused: %s", async (method, target, body, message, field) => {
    const { url } = await serve(rpcs());
    const answer = await ask(url, method, target, body);
    expect([answer.status, answer.json()]).toEqual([
      400,
      {
        error: expect.stringContaining(message),
        code: "invalid_request",
        ...(field !== undefined && { field }),
      },
    ]);
    expect(answer.text).not.toContain("sk-secret");
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/grpc", ""])(
    "is refused with the content type %j",
    async (type) => {
      const { url } = await serve(rpcs());
      const answer = await ask(url, "POST", "/test/body", Buffer.from("{}").toString(), {
        "content-type": type,
      });
      expect([answer.status, answer.json()]).toMatchObject([
        415,
        {
          code: "unsupported_media_type",
          field: "content-type",
          error: "content-type: expected application/json",
        },
      ]);
    },
  );

  it("may say how its json is encoded, which is always utf-8", async () => {
    const { url } = await serve(rpcs());
    const headers = { "content-type": "Application/JSON; charset=utf-8" };
    expect((await ask(url, "POST", "/test/body", "{}", headers)).status).toBe(200);
    const compressed = await ask(url, "POST", "/test/body", "{}", { ...json, "content-encoding": "gzip" });
    expect([compressed.status, compressed.json().field]).toEqual([415, "content-encoding"]);
  });

  it("needs no content type without a body", async () => {
    const { url } = await serve(rpcs());
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await ask(url, "POST", "/test/body", "", headers)).status).toBe(200);
  });

  it.each([
    ["an operation", open, 20, 413],
    ["a call", { kind: "call", refuse: (refusal) => Promise.reject(refusal) } satisfies RpcAccess, 20, 200],
    ["a call", { kind: "call", refuse: (refusal) => Promise.reject(refusal) } satisfies RpcAccess, 100, 413],
  ] as const)("of %s is bounded", async (_, access, size, status) => {
    const { url } = await serve(rpcs(undefined, access), {
      limits: { maxOperationBytes: 16, maxCallBytes: 64 },
    });
    const text = JSON.stringify({ text: "x".repeat(size) });
    const headers = { authorization: "Bearer manager" };
    const whole = await ask(url, "POST", "/test/body", text, headers);
    expect(whole.status).toBe(status);
    if (status === 413) expect(whole.json()).toMatchObject({ code: "too_large" });
    // In pieces, so that nobody knows beforehand how long it is.
    const body = new ReadableStream({
      start(controller) {
        for (const letter of text) controller.enqueue(Buffer.from(letter));
        controller.close();
      },
    });
    const pieces = await fetch(`${url}/test/body`, {
      method: "POST",
      headers: { ...json, ...headers },
      body,
      duplex: "half",
    });
    expect(pieces.status).toBe(status);
  });
});

describe("the answer", () => {
  it("has the status its proto declares, and no body where that is 204", async () => {
    const { url } = await serve(rpcs());
    const made = await ask(url, "POST", "/test/made", {});
    expect([made.status, made.headers.get("content-type")]).toEqual([201, "application/json"]);
    const gone = await ask(url, "DELETE", "/test/gone/x");
    expect([gone.status, gone.text, gone.headers.get("content-type")]).toEqual([204, "", null]);
  });

  it("is the field its proto declares", async () => {
    const { url } = await serve(rpcs());
    const inners = await ask(url, "PATCH", "/test/several/x", { inners: [{ text: "a" }, {}] });
    expect(JSON.parse(inners.text)).toEqual([
      { text: "a", long: 0, texts: [] },
      { text: "", long: 0, texts: [] },
    ]);
    expect((await ask(url, "PATCH", "/test/several/x", {})).text).toBe("[]");
    expect((await ask(url, "PUT", "/test/several/x", {})).text).toBe("null");
  });

  it("to HEAD is that to GET without its body", async () => {
    const { url } = await serve(rpcs());
    const get = await ask(url, "GET", "/test/query?text=a");
    const head = await ask(url, "HEAD", "/test/query?text=a");
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([
      200,
      "",
      get.headers.get("content-length"),
    ]);
    expect((await ask(url, "HEAD", "/test/query?x=a")).status).toBe(400);
  });

  it("to another method says which there are", async () => {
    const { url } = await serve(rpcs());
    const several = await ask(url, "DELETE", "/test/several/x");
    expect([several.status, several.headers.get("allow"), several.json()]).toEqual([
      405,
      "PATCH, PUT, PURGE, OPTIONS",
      { error: "DELETE is not allowed here; use PATCH or PUT or PURGE", code: "method_not_allowed" },
    ]);
    expect((await ask(url, "POST", "/test/path/x")).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const options = await ask(url, "OPTIONS", "/test/path/x");
    expect([options.status, options.headers.get("allow"), options.text]).toEqual([
      204,
      "GET, HEAD, OPTIONS",
      "",
    ]);
  });

  it("is left to others where there is no such path", async () => {
    const { url } = await serve(rpcs());
    for (const target of ["/", "/test", "/test/body/", "/test/path/a/b", "/Test/body", "//test/body"])
      expect([target, (await ask(url, "GET", target)).text]).toEqual([target, "not ours"]);
  });

  it("has the headers and trailers of the handler", async () => {
    const { url } = await serve(
      rpcs((message, { responseHeaders, responseTrailers, headers }) => {
        responseHeaders.set("x-one", headers.get("X-Asked") ?? "nothing");
        responseTrailers.set("x-two", "2");
        return message;
      }),
    );
    const answer = await ask(url, "GET", "/test/query", undefined, { "x-asked": "something" });
    expect([answer.headers.get("x-one"), answer.headers.get("x-two")]).toEqual(["something", "2"]);
  });

  it.each(["GET", "DELETE", "OPTIONS"])("to %s names the request", async (method) => {
    const { url } = await serve(rpcs());
    const named = await ask(url, method, "/test/query", undefined, { "x-request-id": "request-1" });
    expect(named.headers.get("x-request-id")).toBe("request-1");
    const bad = await ask(url, method, "/test/query", undefined, { "x-request-id": "no" });
    expect(bad.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  });
});

describe("a refusal", () => {
  const asManager = { authorization: "Bearer manager" };

  it.each([
    [{}, 401, { error: "an api key is needed", code: "unauthenticated" }],
    [{ authorization: "Bearer guess" }, 401, { error: "the api key is not valid", code: "unauthenticated" }],
    [{ authorization: "Bearer nobody" }, 403, { error: "this is not for you", code: "permission_denied" }],
  ])("of %j has status %i", async (headers, status, body) => {
    const { url, meter } = await serve(rpcs(undefined, operation));
    const answer = await ask(url, "POST", "/test/body", "this is not even looked at", headers);
    expect([answer.status, answer.json()]).toEqual([status, body]);
    expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
    await until(
      () => meter.value("llmproxy_rpcs_total", { method: "test.v1.TestService/Body", code: body.code }) === 1,
    );
  });

  it("says when to come back, and why", async () => {
    const limit = new ProxyError("limit_exceeded", "too fast", {
      retryAfterMs: 1500,
      reason: "rpm",
      field: "key",
    });
    const { url } = await serve(rpcs(() => Promise.reject(limit), operation));
    const answer = await ask(url, "POST", "/test/body", {}, asManager);
    expect([
      answer.status,
      answer.headers.get("retry-after"),
      answer.headers.get("x-should-retry"),
      answer.json(),
    ]).toEqual([429, "2", null, { error: "too fast", code: "limit_exceeded", reason: "rpm", field: "key" }]);
  });

  it("of the unforeseen tells nothing, and logs it", async () => {
    const { url, logger } = await serve(rpcs(() => Promise.reject(new TypeError("hunter2")), operation));
    const answer = await ask(url, "POST", "/test/body", {}, asManager);
    expect([answer.status, answer.json()]).toEqual([500, { error: "internal error", code: "internal" }]);
    await until(() => logger.entries.length > 0);
    expect(logger.entries).toMatchObject([{ level: "error", fields: { error: { message: "hunter2" } } }]);
  });

  it("by the handler, of a call that somebody else canceled, is told to whoever still waits", async () => {
    const { url } = await serve(rpcs(() => Promise.reject(new ProxyError("canceled", "it was ended"))));
    const answer = await ask(url, "POST", "/test/body", {});
    expect([answer.status, answer.json().code]).toEqual([499, "canceled"]);
  });

  it("by the shield comes before anybody is asked who they are", async () => {
    const error = new ProxyError("overloaded", "too much to do");
    const shield = { enter: () => ({ admitted: false, error }) as const, recordRefusal() {} };
    const { url } = await serve(rpcs(undefined, operation), { shield });
    const answer = await ask(url, "POST", "/test/body", {});
    expect([answer.status, answer.headers.get("retry-after"), answer.json().code]).toEqual([
      503,
      "1",
      "overloaded",
    ]);
  });

  it("of a call goes down the core's pipeline", async () => {
    const seen: string[] = [];
    const access: RpcAccess = {
      kind: "call",
      refuse(refusal) {
        seen.push(refusal.code);
        throw refusal;
      },
    };
    const { url } = await serve(rpcs(undefined, access));
    expect((await ask(url, "POST", "/test/body", {})).status).toBe(401);
    expect(seen).toEqual(["unauthenticated"]);
  });

  it("releases the shield's place", async () => {
    let inside = 0;
    const shield = {
      enter() {
        inside++;
        return { admitted: true, leave: () => void inside-- } as const;
      },
      recordRefusal() {},
    };
    const { url } = await serve(rpcs(undefined, operation), { shield });
    await ask(url, "POST", "/test/body", {}, asManager);
    await ask(url, "POST", "/test/body", "{", asManager);
    await ask(url, "POST", "/test/body", {});
    await until(() => inside === 0);
  });

  it("is all there is when the server stops", async () => {
    const shutdown = new AbortController();
    const { url } = await serve(
      rpcs(() => new Promise(() => shutdown.abort()), operation),
      {
        shutdownSignal: shutdown.signal,
      },
    );
    const answer = await ask(url, "POST", "/test/body", {}, asManager);
    expect([answer.status, answer.json()]).toEqual([
      503,
      { error: "the server is shutting down", code: "unavailable" },
    ]);
  });
});

describe("what is noted", () => {
  it("of an answer is who asked what, and how it ended", async () => {
    const { url, logger, meter } = await serve(rpcs(undefined, operation));
    const headers = { authorization: "Bearer manager", "x-request-id": "request-1" };
    await ask(url, "POST", "/test/body", {}, headers);
    await until(() => logger.entries.length > 0);
    expect(logger.entries).toMatchObject([
      {
        level: "info",
        message: "rpc",
        fields: {
          request_id: "request-1",
          endpoint: "/test.v1.TestService/Body",
          principal: "manager",
          client: "127.0.0.1",
        },
      },
    ]);
    expect(meter.value("llmproxy_rpcs_total", { method: "test.v1.TestService/Body", code: "" })).toBe(1);
  });

  it("is told by its own address and trace", async () => {
    const seen: unknown[] = [];
    const { url } = await serve(
      rpcs((message, { clientAddress, traceparent }) => {
        seen.push(clientAddress, traceparent);
        return message;
      }),
      { clientAddress: () => "203.0.113.7" },
    );
    await ask(url, "GET", "/test/query", undefined, { traceparent: "00-trace" });
    expect(seen).toEqual(["203.0.113.7", "00-trace"]);
  });
});

describe("a client that leaves", () => {
  it("aborts the rpc at once", async () => {
    const context = Promise.withResolvers<RpcContext>();
    const { url, meter } = await serve(
      rpcs((_, received) => {
        context.resolve(received);
        return new Promise(() => {});
      }),
    );
    const request = httpRequest(`${url}/test/query`).on("error", () => {});
    request.end();
    const { signal } = await context.promise;
    const left = performance.now();
    request.destroy();
    await until(() => signal.aborted);
    expect(performance.now() - left).toBeLessThan(500);
    expect(signal.reason).toMatchObject({ code: "canceled" });
    await until(
      () =>
        meter.value("llmproxy_rpcs_total", { method: "test.v1.TestService/Query", code: "canceled" }) === 1,
    );
  });

  it("in the middle of its body leaves nothing behind", async () => {
    const { url, meter } = await serve(rpcs());
    const request = httpRequest(`${url}/test/body`, {
      method: "POST",
      headers: { ...json, "content-length": "100" },
    });
    request.on("error", () => {});
    request.write('{"text":');
    setImmediate(() => request.destroy());
    await until(
      () =>
        meter.value("llmproxy_rpcs_total", { method: "test.v1.TestService/Body", code: "canceled" }) === 1,
    );
  });
});

describe("a client that stops sending", () => {
  it("is refused after a while, whichever http it speaks", async () => {
    const clock = createFakeClock();
    const { url, http2Url, meter } = await serve(rpcs(), { clock, stallMs: 5000 });
    const slow = httpRequest(`${url}/test/body`, {
      method: "POST",
      headers: { ...json, "content-length": "100" },
    });
    slow.on("error", () => {}).write("{");
    const session = connect(http2Url);
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": "/test/body", ...json });
    stream.on("error", () => {}).write("{");
    const statuses: unknown[] = [];
    slow.on("response", (answer) => statuses.push(answer.resume().statusCode));
    stream.on("response", (headers) => statuses.push(headers[":status"])).resume();
    await until(() => clock.pending === 2);
    await clock.advance(5000);
    await until(() => statuses.length === 2);
    expect(statuses).toEqual([499, 499]);
    slow.destroy();
    session.destroy();
    const labels = { method: "test.v1.TestService/Body", code: "canceled" };
    await until(() => meter.value("llmproxy_rpcs_total", labels) === 2);
  });
});

describe("a stream", () => {
  const frames = (...texts: string[]): string =>
    texts.map((text) => `data: ${JSON.stringify(text)}\n\n`).join("");

  it("is one event a message", async () => {
    const { url } = await serve([
      watch(async function* (_, { responseHeaders }) {
        responseHeaders.set("x-one", "1");
        yield { text: "a" };
        yield { text: "b\n\nc" };
      }),
    ]);
    const answer = await ask(url, "GET", "/test/watch");
    expect([answer.status, answer.text]).toEqual([200, frames("a", "b\n\nc")]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-one": "1",
    });
  });

  it("may have no message at all, and is not begun by HEAD", async () => {
    let opened = 0;
    const { url } = await serve([
      watch(() => {
        opened++;
        return nothing;
      }),
    ]);
    expect(await ask(url, "GET", "/test/watch")).toMatchObject({ status: 200, text: "" });
    expect(await ask(url, "HEAD", "/test/watch")).toMatchObject({ status: 200, text: "" });
    expect(opened).toBe(1);
  });

  it("that fails before its first message is a plain error", async () => {
    const { url } = await serve([
      // biome-ignore lint/correctness/useYield: it fails first
      watch(async function* () {
        throw new ProxyError("not_found", "there is nothing to watch");
      }),
    ]);
    const answer = await ask(url, "GET", "/test/watch");
    expect([answer.status, answer.json()]).toEqual([
      404,
      { error: "there is nothing to watch", code: "not_found" },
    ]);
    expect((await ask(url, "GET", "/test/watch?x=1")).status).toBe(400);
  });

  it("that fails later says so and is broken off", async () => {
    const { url, http2Url, meter } = await serve([
      watch(async function* () {
        yield { text: "a" };
        throw new ProxyError("upstream_cut", "the source broke off");
      }),
    ]);
    const cut = 'event: error\ndata: {"error":"the source broke off","code":"upstream_cut"}\n\n';
    const answer = await fetch(`${url}/test/watch`);
    const reader = answer.body?.getReader();
    let text = "";
    await expect(
      (async () => {
        for (let read = await reader?.read(); read && !read.done; read = await reader?.read())
          text += Buffer.from(read.value).toString();
      })(),
    ).rejects.toThrow();
    expect(text).toBe(frames("a") + cut);
    await expect(http2Request(http2Url, { ":path": "/test/watch" })).rejects.toMatchObject({
      message: expect.stringContaining("INTERNAL_ERROR"),
    });
    const labels = { method: "test.v1.TestService/Watch", code: "upstream_cut" };
    await until(() => meter.value("llmproxy_rpcs_total", labels) === 2);
  });

  it("is closed when its client leaves, between messages and while there are none", async () => {
    const aborted: unknown[] = [];
    const { url } = await serve([
      watch(async function* (_, { signal }) {
        yield { text: "a" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted.push(signal.reason);
      }),
    ]);
    const controller = new AbortController();
    const answer = await fetch(`${url}/test/watch`, { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    await until(() => aborted.length === 1);
    expect(aborted).toMatchObject([{ code: "canceled" }]);
  });

  it("waits for a client that does not read, and gives it up in the end", async () => {
    const clock = createFakeClock();
    let sent = 0;
    let closed = false;
    const text = "x".repeat(65_536);
    const { http2Url } = await serve(
      [
        watch(async function* () {
          try {
            for (;;) {
              sent++;
              yield { text };
            }
          } finally {
            closed = true;
          }
        }),
      ],
      { clock, stallMs: 5000 },
    );
    const session = connect(http2Url);
    session.on("error", () => {});
    const stream = session.request({ ":path": "/test/watch" });
    stream.on("error", () => {});
    // Nobody reads the stream: its window fills up.
    await until(() => clock.pending > 0 && sent > 0);
    let before = -1;
    await until(() => {
      const isQuiet = before === sent;
      before = sent;
      return isQuiet;
    });
    expect(sent).toBeLessThan(50);
    await clock.advance(5000);
    await until(() => closed);
    session.destroy();
  });

  it("is kept alive by comments while there is nothing to say", async () => {
    const clock = createFakeClock();
    const next = Promise.withResolvers<void>();
    const { url } = await serve(
      [
        watch(async function* () {
          await next.promise;
          yield { text: "a" };
        }),
      ],
      { clock, keepAliveMs: 15_000 },
    );
    const answering = fetch(`${url}/test/watch`);
    await until(() => clock.pending > 0);
    await clock.advance(15_000);
    const answer = await answering;
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(": keep-alive\n\n");
    next.resolve();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(frames("a"));
    expect((await reader?.read())?.done).toBe(true);
  });

  it("ends with an error when the server stops", async () => {
    const shutdown = new AbortController();
    const { url } = await serve(
      [
        watch(async function* () {
          yield { text: "a" };
          shutdown.abort();
          await new Promise(() => {});
        }),
      ],
      { shutdownSignal: shutdown.signal },
    );
    const answer = await fetch(`${url}/test/watch`);
    await expect(answer.text()).rejects.toThrow();
  });
});

describe("over http/2", () => {
  it("everything is the same", async () => {
    const { http2Url } = await serve(rpcs());
    const post = { ":method": "POST", ":path": "/test/made", ...json };
    const made = await http2Request(http2Url, post, '{"text":"a"}');
    expect([made.status, JSON.parse(made.body).text, made.headers["x-request-id"]]).toEqual([
      201,
      "a",
      expect.any(String),
    ]);
    const wrong = await http2Request(http2Url, post, '{"txt":"a"}');
    expect([wrong.status, JSON.parse(wrong.body).field]).toEqual([400, "txt"]);
    const gone = await http2Request(http2Url, { ":method": "DELETE", ":path": "/test/gone/a" });
    expect([gone.status, gone.body]).toEqual([204, ""]);
    const text = await http2Request(http2Url, { ":method": "POST", ":path": "/test/made" }, "{}");
    expect(text.status).toBe(415);
  });
});

describe("createTranscoder", () => {
  const options = {
    authenticator: { authenticate: () => Promise.reject(new Error("unused")) },
    authorize() {},
    readCredentials: () => ({ kind: "none" }) as const,
    logger: silentLogger,
  };

  it("knows which paths are its own", () => {
    const transcoder = createTranscoder({ ...options, registry: createRpcRegistry(rpcs()) });
    expect(
      ["/test/body", "/test/body?x", "/test/path/a:undo", "/test", "/v1/models"].map(transcoder.matches),
    ).toEqual([true, true, true, false, false]);
  });

  it("refuses two rpcs at one method and path", () => {
    const [first] = rpcs();
    const registry = { rpcs: [first, first].map((rpc) => ({ rpc: rpc as Rpc, path: "/a/b" })), services: [] };
    expect(() => createTranscoder({ ...options, registry })).toThrow("POST /test/body is declared twice");
  });
});
