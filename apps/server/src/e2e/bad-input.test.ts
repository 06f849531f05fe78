import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

interface Refusal {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

async function post(
  server: TestServer,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Refusal> {
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
    body,
  });
  const { error } = (await answer.json()) as Refusal;
  return { status: answer.status, error };
}

/** What a server must still do after whatever was sent to it. */
async function expectServing(server: TestServer): Promise<void> {
  const body = JSON.stringify({ model: "echo", messages: [{ role: "user", content: "still there?" }] });
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body,
  });
  expect(answer.status).toBe(200);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const messages = `"messages":[{"role":"user","content":"x"}]`;

describe("a bad body", () => {
  it.each([
    ["no JSON", "{", 400, "invalid_request", null],
    ["empty", "", 400, "invalid_request", null],
    ["a list", "[]", 400, "invalid_request", null],
    ["text after the JSON", `{"model":"echo",${messages}} x`, 400, "invalid_request", null],
    ["no model", `{${messages}}`, 400, "invalid_request", "model"],
    ["a model that is a number", `{"model":1,${messages}}`, 400, "invalid_request", "model"],
    ["two models", `{"model":"echo","model":"other",${messages}}`, 400, "invalid_request", "model"],
    ["no messages", `{"model":"echo"}`, 400, "invalid_request", "messages"],
    ["messages that are text", `{"model":"echo","messages":"hi"}`, 400, "invalid_request", "messages"],
    ["no message at all", `{"model":"echo","messages":[]}`, 400, "invalid_request", "messages"],
    [
      "an unknown role",
      `{"model":"echo","messages":[{"role":"boss","content":"x"}]}`,
      400,
      "invalid_request",
      "messages[0].role",
    ],
    [
      "content that is a number",
      `{"model":"echo","messages":[{"role":"user","content":7}]}`,
      400,
      "invalid_request",
      "messages[0].content",
    ],
    ["stream that is text", `{"model":"echo",${messages},"stream":"yes"}`, 400, "invalid_request", "stream"],
    [
      "a temperature that is text",
      `{"model":"echo",${messages},"temperature":"hot"}`,
      400,
      "invalid_request",
      "temperature",
    ],
    ["a depth of 1,000", `{"model":"echo",${messages},"x":${nested(1000)}}`, 400, "invalid_request", null],
    ["an unknown model", `{"model":"no-such",${messages}}`, 404, "model_not_found", "model"],
  ])("with %s is refused, naming the field", async (_what, body, status, code, param) => {
    await using server = await startTestServer();
    const refusal = await post(server, body);
    expect(refusal).toEqual({
      status,
      error: { message: expect.stringMatching(/\S/), type: expect.any(String), param, code },
    });
    await expectServing(server);
  });

  it("that is not UTF-8 is refused", async () => {
    await using server = await startTestServer();
    const body = Buffer.concat([
      Buffer.from(`{"model":"echo","messages":[{"role":"user","content":"`),
      Buffer.from([0xc3, 0x28]),
      Buffer.from(`"}]}`),
    ]);
    expect(await post(server, body)).toMatchObject({ status: 400, error: { code: "invalid_request" } });
    await expectServing(server);
  });

  it("with __proto__ changes no prototype, and is answered", async () => {
    await using server = await startTestServer();
    const body = `{"model":"echo",${messages},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`;
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body,
    });
    expect(answer.status).toBe(200);
    await expectServing(server);
  });

  it("that is too large is refused, declared or not", async () => {
    await using server = await startTestServer({ server: { max_body_bytes: "1KiB" } });
    expect(await post(server, "x".repeat(2000))).toMatchObject({ status: 413, error: { code: "too_large" } });
    await expectServing(server);
  });

  it("of another type is refused with what would be right", async () => {
    await using server = await startTestServer();
    const refusal = await post(server, "model=echo", { "content-type": "application/x-www-form-urlencoded" });
    expect(refusal).toMatchObject({
      status: 415,
      error: { code: "unsupported_media_type", message: expect.stringContaining("application/json") },
    });
  });
});

describe("bad credentials", () => {
  it("that differ are refused, and the same twice is one", async () => {
    await using server = await startTestServer();
    const body = `{"model":"echo",${messages}}`;
    expect(await post(server, body, { "x-api-key": "sk-other" })).toMatchObject({
      status: 400,
      error: { code: "invalid_request" },
    });
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.apiKey}`,
        "x-api-key": server.apiKey,
        "content-type": "application/json",
      },
      body,
    });
    expect(answer.status).toBe(200);
  });

  it("are the same answer whatever is wrong with them", async () => {
    await using server = await startTestServer();
    const body = `{"model":"echo",${messages}}`;
    const wrong = [
      "Bearer sk-wrong",
      "Bearer ' OR '1'='1",
      `Bearer ${server.apiKey}x`,
      "Basic dXNlcjpwYXNz",
      "Bearer ",
    ];
    const refusals = await Promise.all(wrong.map((authorization) => post(server, body, { authorization })));
    expect(refusals.map(({ status, error }) => [status, error.code])).toEqual(
      wrong.map(() => [401, "unauthenticated"]),
    );
  });

  it("of the management do not open the data plane, nor a key the management", async () => {
    await using server = await startTestServer();
    const body = `{"model":"echo",${messages}}`;
    expect(await post(server, body, { authorization: `Bearer ${server.managementToken}` })).toMatchObject({
      status: 403,
      error: { code: "permission_denied" },
    });
    const answer = await fetch(`${server.url}/llmproxy.management.v1.ProjectService/ListProjects`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body: "{}",
    });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ code: "permission_denied" }),
    ]);
  });
});

describe("a bad request line or header", () => {
  async function raw(server: TestServer, request: string): Promise<string> {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(request);
    return text(socket);
  }

  it.each([
    [
      "a header of 20 KB",
      `GET /v1/models HTTP/1.1\r\nhost: a\r\nx-big: ${"x".repeat(20_000)}\r\n\r\n`,
      "431",
    ],
    ["two hosts", "GET /v1/models HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", "400"],
    [
      "two authorizations",
      "GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\nconnection: close\r\n\r\n",
      "400",
    ],
    [
      "both lengths",
      "POST /v1/models HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "400",
    ],
    [
      "an encoded dot segment",
      "GET /v1/%2e%2e/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
      "400",
    ],
    ["no HTTP", "hello\r\n\r\n", "400"],
  ])("%s is refused in the shape of the API", async (_what, request, status) => {
    await using server = await startTestServer();
    const answer = await raw(server, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toMatchObject({
      error: { message: expect.any(String), code: expect.any(String) },
    });
    await expectServing(server);
  });

  it("an unknown path is told what exists, on HTTP/2 too", async () => {
    await using server = await startTestServer();
    const session = connectHttp2(server.url);
    const stream = session.request({ ":path": "/v1/nothing" });
    const status = await new Promise((resolve) =>
      stream.on("response", (headers) => resolve(headers[":status"])),
    );
    expect([status, JSON.parse(await text(stream))]).toMatchObject([
      404,
      { error: { code: "endpoint_not_found" } },
    ]);
    session.close();
  });

  it.each(["/health", "/ready", "/live", "/metrics", "/v1/nothing"])(
    "%s answers with the id of the request",
    async (path) => {
      await using server = await startTestServer();
      const named = await fetch(server.url + path, { headers: { "x-request-id": "request-0001" } });
      const unnamed = await fetch(server.url + path);
      expect([named.headers.get("x-request-id"), unnamed.headers.get("x-request-id")]).toEqual([
        "request-0001",
        expect.stringMatching(/^[0-9a-f-]{36}$/),
      ]);
    },
  );

  it("another method is told the right one", async () => {
    await using server = await startTestServer();
    const answer = await fetch(`${server.url}/v1/chat/completions`);
    expect(server.logger.entries.at(-1)?.fields).toMatchObject({
      outcome: "refused",
      code: "method_not_allowed",
    });
    expect([answer.status, answer.headers.get("allow"), answer.headers.get("x-should-retry")]).toEqual([
      405,
      "POST",
      "false",
    ]);
  });
});
