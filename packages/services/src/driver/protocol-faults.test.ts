import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { ExecuteRequestSchema } from "@llmproxy/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envelope, type RawRequest, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { testServices } from "../testing/test-services.ts";

const ok = 0;
const invalidArgument = 3;
const deadlineExceeded = 4;
const resourceExhausted = 8;
const unimplemented = 12;

const execute = "/llmproxy.v1.LlmProxyService/Execute";
const streamExecute = "/llmproxy.v1.LlmProxyService/StreamExecute";
const createKey = "/llmproxy.management.v1.KeyService/CreateKey";
const hello = toBinary(
  ExecuteRequestSchema,
  create(ExecuteRequestSchema, { userFragments: ["Hi"], modelName: "m" }),
);
const mebibyte = 1_048_576;
/** 30 MiB of zeros in 30 KiB. */
const bomb = gzipSync(new Uint8Array(30 * mebibyte), { level: 9 });

/** What operations wait for. */
let waits: Promise<never> | undefined;

const services = testServices({ before: () => waits });
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer(services.options);
});
afterAll(() => server.close());

/** Sends as gRPC. @returns `grpc-status` */
async function grpc(request: Partial<RawRequest> = {}): Promise<number> {
  const { headers } = await rawRequest(server.http2, {
    path: execute,
    body: envelope(hello),
    ...request,
    headers: {
      "content-type": "application/grpc",
      te: "trailers",
      authorization: request.path === createKey ? "Bearer manager" : "Bearer key",
      ...request.headers,
    },
  });
  return Number(headers["grpc-status"]);
}

/** Sends as Connect. @returns HTTP status and `code` */
async function connect(request: Partial<RawRequest> = {}): Promise<[number, string | undefined]> {
  const { status, body } = await rawRequest(server.http2, {
    path: execute,
    body: Buffer.from('{"userFragments":["Hi"],"modelName":"m"}'),
    ...request,
    headers: { "content-type": "application/json", authorization: "Bearer key", ...request.headers },
  });
  return [status, JSON.parse(body.toString()).code];
}

describe("a broken gRPC request", () => {
  it.each<[string, Partial<RawRequest>, number]>([
    ["nothing at all", { body: new Uint8Array() }, unimplemented],
    ["half an envelope", { body: envelope(hello).subarray(0, 3) }, invalidArgument],
    [
      "a message shorter than announced",
      { body: envelope(hello, { length: hello.length + 1 }) },
      invalidArgument,
    ],
    [
      "bytes after the message",
      { body: Buffer.concat([envelope(hello), Buffer.from([0])]) },
      invalidArgument,
    ],
    ["a second message", { body: Buffer.concat([envelope(hello), envelope(hello)]) }, unimplemented],
    ["a length of 4 GiB", { body: envelope(hello, { length: 0xffff_ffff }) }, resourceExhausted],
    [
      "a length one byte above the limit",
      { body: envelope(hello, { length: 32 * mebibyte + 1 }) },
      resourceExhausted,
    ],
    [
      "flags nobody knows, compression among them",
      { body: envelope(hello, { flags: 0xff }) },
      invalidArgument,
    ],
    ["a message that is no protobuf", { body: envelope(Buffer.from([0xff, 0xff, 0xff])) }, invalidArgument],
    ["a field cut short", { body: envelope(Buffer.from([0x12, 0x7f, 0x41])) }, invalidArgument],
    ["a text that is not UTF-8", { body: envelope(Buffer.from([0x12, 0x01, 0xff])) }, invalidArgument],
    ["a codec nobody knows", { headers: { "content-type": "application/grpc+thrift" } }, invalidArgument],
    ["a compression nobody knows", { headers: { "grpc-encoding": "lzma" } }, unimplemented],
    [
      "gzip that is none",
      { headers: { "grpc-encoding": "gzip" }, body: envelope(hello, { flags: 1 }) },
      invalidArgument,
    ],
    ["a method nobody knows", { path: "/llmproxy.v1.LlmProxyService/Nothing" }, unimplemented],
  ])("with %s ends with a status", async (_what, request, status) => {
    expect(await grpc(request)).toBe(status);
  });

  it("does not reach the core, but is counted and logged", async () => {
    const before = services.core.calls.length;
    const method = { method: execute.slice(1), code: "resource_exhausted" };
    const counted = services.meter.value("llmproxy_rpcs_total", method);
    await grpc({ body: envelope(hello, { length: 0xffff_ffff }) });
    expect(services.core.calls.length).toBe(before);
    expect(services.meter.value("llmproxy_rpcs_total", method)).toBe(counted + 1);
    expect(services.logger.entries.at(-1)).toMatchObject({
      level: "info",
      message: "rpc",
      fields: { endpoint: execute, code: "resource_exhausted", principal: "abcdefghijkl" },
    });
  });

  it("leaves the connection usable", async () => {
    await grpc({ body: envelope(hello, { flags: 0xff }) });
    expect(await grpc()).toBe(ok);
  });
});

describe("a large message", () => {
  const ofSize = (bytes: number) => {
    const text = "x".repeat(bytes - 9);
    return toBinary(
      ExecuteRequestSchema,
      create(ExecuteRequestSchema, { userFragments: [text], modelName: "m" }),
    );
  };

  it("of 16 MiB reaches a model", async () => {
    expect(await grpc({ body: envelope(ofSize(16 * mebibyte)) })).toBe(ok);
  });

  it("of more than 1 MiB is too much for a management RPC", async () => {
    expect(await grpc({ path: createKey, body: envelope(new Uint8Array(mebibyte + 1)) })).toBe(
      resourceExhausted,
    );
    expect(
      await connect({
        path: createKey,
        headers: { authorization: "Bearer manager" },
        body: Buffer.from(JSON.stringify({ name: "x".repeat(mebibyte) })),
      }),
    ).toEqual([429, "resource_exhausted"]);
  });

  it.each<[string, Partial<RawRequest>]>([
    ["a call", { path: execute, body: envelope(gzipSync(new Uint8Array(33 * mebibyte)), { flags: 1 }) }],
    ["a management RPC", { path: createKey, body: envelope(bomb, { flags: 1 }) }],
  ])("that was small before decompression is refused: %s", async (_what, request) => {
    expect(await grpc({ ...request, headers: { "grpc-encoding": "gzip" } })).toBe(resourceExhausted);
  });

  it("that was small before decompression is refused by Connect too", async () => {
    const headers = { "content-encoding": "gzip", authorization: "Bearer manager" };
    expect(await connect({ path: createKey, body: bomb, headers })).toEqual([429, "resource_exhausted"]);
  });
});

describe("a deadline", () => {
  it.each([
    ["99999999H", ok],
    ["600S", ok],
    ["601S", ok],
    ["0n", deadlineExceeded],
    ["abc", invalidArgument],
    ["", invalidArgument],
    ["10", invalidArgument],
    ["-1S", invalidArgument],
    ["123456789S", invalidArgument],
    ["1.5S", invalidArgument],
  ])("grpc-timeout: %j ends with status %i", async (timeout, status) => {
    expect(await grpc({ headers: { "grpc-timeout": timeout } })).toBe(status);
  });

  it.each([
    ["9999999999", [200, undefined]],
    ["600001", [200, undefined]],
    ["0", [504, "deadline_exceeded"]],
    ["abc", [400, "invalid_argument"]],
    ["-1", [400, "invalid_argument"]],
    ["99999999999", [400, "invalid_argument"]],
  ])("connect-timeout-ms: %j ends with %j", async (timeout, expected) => {
    expect(await connect({ headers: { "connect-timeout-ms": timeout } })).toEqual(expected);
  });
});

describe("a handler that waits", () => {
  it.each([
    [
      "gRPC",
      () => grpc({ path: createKey, body: envelope(new Uint8Array()), headers: { "grpc-timeout": "30m" } }),
      deadlineExceeded,
    ],
    [
      "Connect",
      () =>
        connect({
          path: createKey,
          body: Buffer.from("{}"),
          headers: { "connect-timeout-ms": "30", authorization: "Bearer manager" },
        }),
      [504, "deadline_exceeded"],
    ],
  ])("is given up by the server itself when the deadline passes: %s", async (_what, send, expected) => {
    waits = new Promise(() => undefined);
    expect(await send()).toEqual(expected);
    expect(services.core.asked.at(-1)?.signal?.reason).toMatchObject({ code: "deadline_exceeded" });
    waits = undefined;
  });
});

describe("a broken Connect request", () => {
  it.each<[string, Partial<RawRequest>, [number, string]]>([
    ["text that is no JSON", { body: Buffer.from("{") }, [400, "invalid_argument"]],
    ["a list", { body: Buffer.from("[]") }, [400, "invalid_argument"]],
    ["a field of the wrong type", { body: Buffer.from('{"userFragments":"Hi"}') }, [400, "invalid_argument"]],
    ["another media type", { headers: { "content-type": "text/plain" } }, [415, "invalid_argument"]],
    ["an unknown method", { path: "/llmproxy.v1.LlmProxyService/Nothing" }, [404, "unimplemented"]],
    [
      "a method of every object",
      { path: "/llmproxy.v1.LlmProxyService/constructor" },
      [404, "unimplemented"],
    ],
    ["a verb nobody uses", { method: "PUT" }, [405, "unimplemented"]],
    ["GET for what costs something", { method: "GET", body: new Uint8Array() }, [405, "unimplemented"]],
    [
      "GET for what changes something",
      { method: "GET", body: new Uint8Array(), path: `${createKey}?encoding=json&message=%7B%7D&connect=v1` },
      [405, "unimplemented"],
    ],
  ])("with %s ends with a status", async (_what, request, expected) => {
    expect(await connect(request)).toEqual(expected);
  });

  it("is told which verbs there are", async () => {
    const verbs = async (path: string) => {
      const headers = { "content-type": "application/json" };
      return (await rawRequest(server.http2, { path, method: "DELETE", headers })).headers.allow;
    };
    expect(await verbs(createKey)).toBe("POST");
    expect(await verbs("/llmproxy.management.v1.KeyService/GetKey")).toBe("POST, GET");
  });

  it("may read what costs and changes nothing by GET", async () => {
    const path = "/llmproxy.v1.LlmProxyService/GetServerInfo?encoding=json&message=%7B%7D&connect=v1";
    const { status, body } = await rawRequest(server.http2, {
      path,
      method: "GET",
      headers: { authorization: "Bearer key" },
    });
    expect([status, JSON.parse(body.toString())]).toMatchObject([200, { serverName: "llmproxy" }]);
  });
});

describe("a message far too long", () => {
  const body = Buffer.alloc(20 * mebibyte, " ");
  const headers = { "content-type": "application/json", authorization: "Bearer manager" };

  it("is answered over HTTP/2 before it has been sent", async () => {
    // More at once is too much for the memory of a client's session.
    const part = body.subarray(0, 6 * mebibyte);
    expect(await connect({ path: createKey, headers, body: part })).toEqual([429, "resource_exhausted"]);
  });

  it("is answered over HTTP/1.1 without breaking the connection", async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // In chunks, so that the length is not known from the headers.
      const options = { method: "POST", headers: { ...headers, "transfer-encoding": "chunked" } };
      request(`${server.http1}${createKey}`, options, resolve).on("error", reject).end(body);
    });
    expect(answer.statusCode).toBe(429);
    expect(JSON.parse(await text(answer)).code).toBe("resource_exhausted");
  });
});

describe("a body nobody asked for", () => {
  it.each([
    ["strangers", {}, 16],
    ["people who may not", { authorization: "Bearer auditor" }, 7],
  ])("is not waited for: %s are answered by their headers", async (_who, headers, status) => {
    for (const path of [execute, streamExecute, createKey]) {
      const response = await rawRequest(server.http2, {
        path,
        headers: { "content-type": "application/grpc", te: "trailers", ...headers },
        body: envelope(hello).subarray(0, 7),
        unfinished: true,
      });
      expect(Number(response.headers["grpc-status"])).toBe(status);
    }
  });
});
