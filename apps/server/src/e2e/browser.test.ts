/**
 * Each surface, asked by a page of another origin in a real browser: the browser decides what the page may do.
 *
 * @module
 */

import { until } from "@llmproxy/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium, observedPage } from "../test-support/browser.ts";
import { type ServedApp, serveBrowserApp } from "../test-support/browser-app.ts";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

/** What a script of the page sends; a body of bytes goes as numbers. */
interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | readonly number[];
}

interface Received {
  readonly status: number;
  /** All headers the browser lets the script read. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly number[];
}

/** Sends with the `fetch` of the page. @returns the answer; or the name of what was thrown */
function send(page: Page, url: string, sent: Sent = {}): Promise<Received | string> {
  return page.evaluate(
    async ([url, { body, ...rest }]) => {
      const bytes = typeof body === "object" ? new Uint8Array(body) : body;
      try {
        const answer = await fetch(url, { ...rest, ...(bytes !== undefined && { body: bytes }) });
        const received = Array.from(new Uint8Array(await answer.arrayBuffer()));
        return { status: answer.status, headers: Object.fromEntries(answer.headers), body: received };
      } catch (error) {
        return (error as Error).name;
      }
    },
    [url, sent] as const,
  );
}

/** A gRPC-Web frame without flags, around a message without any field. */
const emptyFrame = [0, 0, 0, 0, 0];
const json = { "content-type": "application/json" };
const grpcWeb = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
const hello = { model: "echo", messages: [{ role: "user", content: "hello" }], max_tokens: 9 };

interface SurfaceRow extends Sent {
  readonly surface: string;
  readonly path: string;
  readonly token?: "apiKey" | "managementToken";
  /** A piece of the answer. */
  readonly says: string;
}

const surfaces: readonly SurfaceRow[] = [
  {
    surface: "OpenAI",
    method: "POST",
    path: "/v1/chat/completions",
    headers: json,
    body: JSON.stringify(hello),
    token: "apiKey",
    says: '"content":"hello"',
  },
  {
    surface: "Anthropic",
    method: "POST",
    path: "/v1/messages",
    headers: { ...json, "anthropic-version": "2023-06-01" },
    body: JSON.stringify(hello),
    token: "apiKey",
    says: '"text":"hello"',
  },
  { surface: "REST", path: "/manage/projects", token: "managementToken", says: '"id":"default"' },
  {
    surface: "Connect",
    method: "POST",
    path: "/llmproxy.v1.LlmProxyService/GetServerInfo",
    headers: { ...json, "connect-protocol-version": "1" },
    body: "{}",
    token: "apiKey",
    says: '"serverVersion"',
  },
  {
    surface: "gRPC-Web",
    method: "POST",
    path: "/llmproxy.v1.LlmProxyService/GetServerInfo",
    headers: grpcWeb,
    body: emptyFrame,
    token: "apiKey",
    says: "grpc-status: 0",
  },
  { surface: "health", path: "/health", says: '"status":"ok"' },
  { surface: "OpenAPI", path: "/openapi.json", says: '"openapi":"3.1.1"' },
];

const textOf = (answer: Received): string => Buffer.from(answer.body).toString();

describe.skipIf(chromiumPath === undefined)("a page in a browser", () => {
  const things = new AsyncDisposableStack();
  let app: ServedApp;
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  let stranger: Awaited<ReturnType<typeof observedPage>>;

  beforeAll(async () => {
    app = things.use(await serveBrowserApp());
    server = things.use(
      await startTestServer({ server: { cors: { origins: [app.origin], max_age: "10m" } } }),
    );
    browser = things.use(await launchChromium());
    ({ page } = await pageOf(app.origin));
    stranger = await pageOf(app.strangerOrigin);
  });
  afterAll(() => things.disposeAsync());

  async function pageOf(origin: string): ReturnType<typeof observedPage> {
    const opened = await observedPage(browser);
    await opened.page.goto(origin);
    return opened;
  }

  /** An answer the browser gave to the page. */
  async function receive(path: string, sent: Sent, token?: string): Promise<Received> {
    const headers = { ...sent.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const answer = await send(page, server.url + path, { ...sent, headers });
    if (typeof answer === "string") throw new Error(`the browser refused ${path}: ${answer}`);
    return answer;
  }

  it.each(surfaces)("may call $surface, and read the answer and its request id", async (row) => {
    const { path, token, says, method = "GET", headers = {}, body } = row;
    const sent = { method, headers, ...(body !== undefined && { body }) };
    const answer = await receive(path, sent, token && server[token]);
    expect(answer.status).toBe(200);
    expect(textOf(answer)).toContain(says);
    expect(answer.headers["x-request-id"]).toMatch(/\w{8}/);
  });

  it.each(surfaces)("may not call $surface from another origin", async (row) => {
    const { path, token, method = "GET", headers = {}, body } = row;
    const authorization = token && { authorization: `Bearer ${server[token]}` };
    const sent = { method, headers: { ...headers, ...authorization }, ...(body !== undefined && { body }) };
    const url = server.url + path;
    expect(await send(stranger.page, url, sent)).toBe("TypeError");
    const refusal = `Access to fetch at '${url}' from origin '${app.strangerOrigin}' has been blocked by CORS policy`;
    await until(() => stranger.seen.errors.some((error) => error.startsWith(refusal)));
  });

  it("changes and deletes with the methods of REST", async () => {
    const make = async (path: string, value: object): Promise<unknown> => {
      const sent = { method: "POST", headers: json, body: JSON.stringify(value) };
      return JSON.parse(textOf(await receive(path, sent, server.managementToken)));
    };
    const project = (await make("/manage/projects", { name: "before" })) as { id: string };
    const made = await make("/manage/tokens", { project_id: project.id, name: "laptop" });
    const { key } = made as { key: { id: string } };
    const changed = await receive(
      `/manage/projects/${project.id}`,
      { method: "PATCH", headers: json, body: '{"name":"after"}' },
      server.managementToken,
    );
    expect([changed.status, JSON.parse(textOf(changed))]).toMatchObject([200, { name: "after" }]);
    const gone = await receive(`/manage/tokens/${key.id}`, { method: "DELETE" }, server.managementToken);
    expect(gone.status).toBe(204);
  });

  it("reads why it was refused, on each surface in its own words", async () => {
    const sent = { method: "POST", headers: json, body: JSON.stringify(hello) };
    const chat = await receive("/v1/chat/completions", sent);
    expect([chat.status, textOf(chat)]).toEqual([401, expect.stringContaining('"unauthenticated"')]);
    const rest = await receive("/manage/projects", {}, "wrong");
    expect([rest.status, textOf(rest)]).toEqual([401, expect.stringContaining('"unauthenticated"')]);
    const connect = await receive("/llmproxy.v1.LlmProxyService/GetServerInfo", { ...sent, body: "{}" });
    expect([connect.status, textOf(connect)]).toEqual([401, expect.stringContaining('"unauthenticated"')]);
  });

  it("reads the frames of gRPC-Web: a message, then the trailers", async () => {
    const { body } = await receive(
      "/llmproxy.v1.LlmProxyService/GetServerInfo",
      { method: "POST", headers: grpcWeb, body: emptyFrame },
      server.apiKey,
    );
    const bytes = Buffer.from(body);
    const messageEnd = 5 + bytes.readUInt32BE(1);
    expect([bytes[0], bytes[messageEnd]]).toEqual([0, 0x80]);
    expect(bytes.subarray(5, messageEnd).toString()).toContain("llmproxy");
    expect(bytes.readUInt32BE(messageEnd + 1)).toBe(bytes.length - messageEnd - 5);
    expect(bytes.subarray(messageEnd + 5).toString()).toMatch(/^grpc-status: 0\r\n/m);
  });

  it("reads the status of a gRPC-Web call that was refused before any frame", async () => {
    const sent = { method: "POST", headers: grpcWeb, body: emptyFrame };
    const answer = await receive("/llmproxy.v1.LlmProxyService/GetServerInfo", sent, "wrong");
    const trailers = textOf(answer) + JSON.stringify(answer.headers);
    expect(answer.status).toBe(200);
    expect(trailers).toMatch(/grpc-status"?: ?"?16/);
  });

  it("asks for permission once, and remembers it", async () => {
    const { page: fresh } = await pageOf(app.origin);
    const session = await fresh.context().newCDPSession(fresh);
    const methods: string[] = [];
    session.on("Network.requestWillBeSent", ({ request }) => methods.push(request.method));
    await session.send("Network.enable");
    const sent = { headers: { authorization: `Bearer ${server.managementToken}` } };
    for (const _ of [1, 2, 3]) await send(fresh, `${server.url}/manage/projects`, sent);
    expect(methods.toSorted()).toEqual(["GET", "GET", "GET", "OPTIONS"]);
  });
});
