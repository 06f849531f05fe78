import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@llmproxy/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

const page = "https://app.example.com";
const hello = JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }] });

/** A gRPC-Web frame: no flags, and a message without any field. */
const emptyFrame = new Uint8Array(5);

interface SurfaceRow {
  readonly surface: string;
  readonly method: string;
  readonly path: string;
  /** What a browser asks to be allowed to send. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly token?: "key" | "management";
}

const json = { "content-type": "application/json" };
const surfaces: readonly SurfaceRow[] = [
  {
    surface: "OpenAI",
    method: "POST",
    path: "/v1/chat/completions",
    headers: json,
    body: hello,
    token: "key",
  },
  {
    surface: "Anthropic",
    method: "POST",
    path: "/v1/messages",
    headers: { ...json, "anthropic-version": "2023-06-01" },
    body: JSON.stringify({ ...(JSON.parse(hello) as object), max_tokens: 9 }),
    token: "key",
  },
  { surface: "REST", method: "GET", path: "/manage/projects", headers: {}, token: "management" },
  {
    surface: "Connect",
    method: "POST",
    path: "/llmproxy.v1.LlmProxyService/GetServerInfo",
    headers: { ...json, "connect-protocol-version": "1" },
    body: "{}",
    token: "key",
  },
  {
    surface: "gRPC-Web",
    method: "POST",
    path: "/vibectl.llm_proxy.VibectlLLMProxy/GetServerInfo",
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    body: emptyFrame,
    token: "key",
  },
  { surface: "health", method: "GET", path: "/health", headers: {} },
  { surface: "metrics", method: "GET", path: "/metrics", headers: {} },
];

describe("a page of an allowed origin", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ server: { cors: { origins: [page], max_age: "10m" } } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function preflight({ method, path, headers, token }: SurfaceRow, origin: string): Promise<Response> {
    const asked = [...Object.keys(headers), ...(token ? ["authorization"] : [])].join(",");
    return fetch(server.url + path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": method,
        ...(asked !== "" && { "access-control-request-headers": asked }),
      },
    });
  }

  it.each(surfaces)("may call the surface $surface after asking", async (row) => {
    const asked = await preflight(row, page);
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe(page);
    expect(asked.headers.get("access-control-allow-methods")?.split(", ")).toContain(row.method);
    expect(asked.headers.get("access-control-max-age")).toBe("600");
    expect(asked.headers.get("vary")).toContain("origin");
    expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    const allowed = asked.headers.get("access-control-allow-headers") ?? "";
    for (const name of [...Object.keys(row.headers), ...(row.token ? ["authorization"] : [])])
      expect(allowed).toContain(name);
    const token = row.token === "management" ? server.managementToken : server.apiKey;
    const answer = await fetch(server.url + row.path, {
      method: row.method,
      headers: { origin: page, ...row.headers, ...(row.token && { authorization: `Bearer ${token}` }) },
      ...(row.body !== undefined && { body: row.body }),
    });
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(page);
    expect(answer.headers.get("access-control-expose-headers")).toMatch(/x-request-id.*grpc-status/);
  });

  it.each(surfaces)("is told apart from others on the surface $surface", async (row) => {
    const asked = await preflight(row, "https://evil.example");
    expect(asked.status).toBe(403);
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    expect(await asked.text()).toContain("origin");
  });

  it("reads why it was refused: errors carry the headers too", async () => {
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { origin: page, ...json },
      body: hello,
    });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([401, page]);
  });
});

describe("server.cors", () => {
  it("allows nobody by default, and takes effect while the server runs", async () => {
    await using server = await startTestServer();
    const allowed = async (): Promise<string | null> => {
      const answer = await fetch(`${server.url}/health`, { headers: { origin: page } });
      await answer.text();
      return answer.headers.get("access-control-allow-origin");
    };
    expect(await allowed()).toBeNull();
    await writeFile(join(server.dataDirectory, "llmproxy.yaml"), 'server: { cors: { origins: ["*"] } }\n');
    await until(async () => (await allowed()) === "*");
  });
});
