import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { KeyService, LlmProxyService, ProjectService } from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

const run = promisify(execFile);
const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");

function authorized(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

const transports = [
  ["Connect over HTTP/1.1", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect over HTTP/2", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web over HTTP/1.1", (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC-Web over HTTP/2", (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
] as const;

describe.each(transports)("%s", (_name, transportTo) => {
  it("executes and streams", async () => {
    await using server = await startTestServer();
    const client = createClient(LlmProxyService, transportTo(server.url));
    const request = { userFragments: ["one two"], modelName: "echo" };
    const answer = await client.execute(request, authorized(server.apiKey));
    expect(answer.result.value).toMatchObject({ responseText: "one two" });
    const chunks = await Array.fromAsync(client.streamExecute(request, authorized(server.apiKey)));
    expect(chunks.map((chunk) => chunk.chunkType.case)).toEqual([
      "textChunk",
      "textChunk",
      "complete",
      "finalMetrics",
    ]);
  });

  it("manages projects and keys, and a new key works at once", async () => {
    await using server = await startTestServer();
    const transport = transportTo(server.url);
    const admin = authorized(server.managementToken);
    const { project } = await createClient(ProjectService, transport).createProject({ name: "team" }, admin);
    const keys = createClient(KeyService, transport);
    const created = await keys.createKey(
      { projectId: project?.id ?? "", name: "ci", allowedModels: ["echo"] },
      admin,
    );
    const llm = createClient(LlmProxyService, transport);
    const request = { userFragments: ["x"], modelName: "echo" };
    await llm.execute(request, authorized(created.secret));
    await keys.revokeKey({ id: created.key?.id ?? "" }, admin);
    await expect(llm.execute(request, authorized(created.secret))).rejects.toMatchObject({
      rawMessage: expect.stringContaining("not valid"),
    });
  });

  it("refuses without credentials", async () => {
    await using server = await startTestServer();
    const transport = transportTo(server.url);
    for (const asked of [
      createClient(LlmProxyService, transport).getServerInfo({}),
      createClient(ProjectService, transport).listProjects({}),
    ])
      await expect(asked).rejects.toMatchObject({ code: 16 });
  });
});

describe("curl", () => {
  it("speaks Connect JSON over HTTP/1.1, by the alias too", async () => {
    await using server = await startTestServer();
    for (const service of ["llmproxy.v1.LlmProxyService", "vibectl.llm_proxy.VibectlLLMProxy"]) {
      const { stdout } = await run("curl", [
        "-sS",
        `${server.url}/${service}/Execute`,
        "-H",
        `authorization: Bearer ${server.apiKey}`,
        "-H",
        "content-type: application/json",
        "-d",
        `{"userFragments":["hello"],"modelName":"echo"}`,
      ]);
      expect(JSON.parse(stdout)).toMatchObject({ success: { responseText: "hello" } });
    }
  });

  it("speaks HTTP/2 without TLS", async () => {
    await using server = await startTestServer();
    const { stdout } = await run("curl", [
      "-sS",
      "--http2-prior-knowledge",
      "-w",
      " %{http_version}",
      `${server.url}/live`,
    ]);
    expect(stdout).toBe("alive 2");
  });
});

describe("buf curl", () => {
  async function bufCurl(_server: TestServer, token: string, ...more: string[]): Promise<string> {
    const given = [
      "curl",
      "--http2-prior-knowledge",
      "--protocol",
      "grpc",
      "-H",
      `authorization: Bearer ${token}`,
      "--reflect-header",
      `authorization: Bearer ${token}`,
    ];
    const { stdout } = await run(process.execPath, [buf, ...given, ...more]).catch(
      (error: { stderr: string }) => ({ stdout: error.stderr }),
    );
    return stdout;
  }

  it("finds the methods by reflection and calls one", { timeout: 30_000 }, async () => {
    await using server = await startTestServer();
    expect(await bufCurl(server, server.apiKey, server.url, "--list-methods")).toContain(
      "llmproxy.v1.LlmProxyService/Execute",
    );
    const url = `${server.url}/llmproxy.v1.LlmProxyService/Execute`;
    const answer = await bufCurl(
      server,
      server.apiKey,
      "-d",
      `{"user_fragments":["hi"],"model_name":"echo"}`,
      url,
    );
    expect(JSON.parse(answer)).toMatchObject({ success: { responseText: "hi" } });
  });

  it("is told nothing without credentials", { timeout: 30_000 }, async () => {
    await using server = await startTestServer();
    expect(await bufCurl(server, "wrong", server.url, "--list-methods")).toMatch(/not authenticated/i);
  });
});
