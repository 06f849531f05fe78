import { connect as connectSocket } from "node:net";
import { text } from "node:stream/consumers";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as bridge from "@connectrpc/connect-node";
import { LlmProxyService } from "@llmproxy/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { as, testServices } from "../testing/test-services.ts";
import { createRpcHandler } from "./node-handler.ts";

const services = testServices();
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer(services.options);
});
afterAll(() => server.close());

describe("matches", () => {
  it.each([
    ["/llmproxy.v1.LlmProxyService/Execute", true],
    ["/llmproxy.v1.LlmProxyService/Nothing", true],
    ["/llmproxy.management.v1.KeyService/GetKey?encoding=json", true],
    ["/vibectl.llm_proxy.VibectlLLMProxy/Execute", true],
    ["/grpc.health.v1.Health/Check", true],
    ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", true],
    ["/llmproxy.v1.LlmProxyServiceX/Execute", false],
    ["/llmproxy.v1/Execute", false],
    ["/v1/chat/completions", false],
    ["/x/llmproxy.v1.LlmProxyService/Execute", false],
    ["/constructor/x", false],
    ["/", false],
    ["*", false],
    ["", false],
  ])("%j: %j", (path, expected) => {
    expect(server.handler.matches(path)).toBe(expected);
  });
});

describe("a request that is none", () => {
  /** Sends text over a socket. @returns everything that comes back */
  async function send(request: string): Promise<string> {
    const socket = connectSocket(Number(new URL(server.http1).port), "127.0.0.1");
    socket.end(request);
    return text(socket);
  }

  it.each([
    ["no host", "POST /grpc.health.v1.Health/Check HTTP/1.0\r\ncontent-type: application/json\r\n\r\n"],
    ["a port beyond all ports", check("host: localhost:99999")],
    ["an address that is none", check("host: 999.999.999.999")],
    ["a bracket", check("host: [")],
  ])("is refused: %s", async (_what, request) => {
    const response = await send(request);
    expect(response).toMatch(/^HTTP\/1\.1 400 /);
    expect(response).toContain('"code":"invalid_argument"');
  });

  it("leaves the server alive", async () => {
    await send(check("host: ["));
    expect(await send(check("host: localhost"))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

function check(host: string): string {
  const fields = [host, "content-type: application/json", "content-length: 2", "connection: close"];
  return `POST /grpc.health.v1.Health/Check HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n{}`;
}

describe("a gRPC client", () => {
  it("learns from a status that a service's method is unknown", async () => {
    const { status, headers } = await rawRequest(server.http2, {
      path: "/vibectl.llm_proxy.VibectlLLMProxy/Nothing",
      headers: { "content-type": "application/grpc+proto" },
    });
    expect([status, headers["grpc-status"], headers["content-type"]]).toEqual([
      200,
      "12",
      "application/grpc",
    ]);
  });
});

describe("clientAddress", () => {
  it("tells whose request it is", async () => {
    const handler = createRpcHandler({
      ...services.options,
      bridge,
      clientAddress: (request) => request.headers["x-real-ip"]?.toString(),
    });
    const other = await startTestServer(services.options, handler);
    try {
      const client = createClient(LlmProxyService, other.transports.connect);
      const headers = { ...as("key").headers, "x-real-ip": "203.0.113.7" };
      await client.execute({ userFragments: ["Hi"], modelName: "m" }, { headers });
      expect(services.core.calls.at(-1)?.clientAddress).toBe("203.0.113.7");
    } finally {
      await other.close();
    }
  });
});

describe("an answer that cannot be written", () => {
  it.each<[string, Error, string[]]>([
    ["for a reason of ours is logged", new Error("no such header"), ["rpc response failed"]],
    ["because its client has left is not", new ConnectError("stream destroyed", Code.Aborted), []],
  ])("%s, and its connection is closed", async (_what, reason, expected) => {
    const { options, logger } = testServices();
    const unwritable = { ...bridge, universalResponseToNodeResponse: () => Promise.reject(reason) };
    const handler = createRpcHandler({ ...options, bridge: unwritable });
    const other = await startTestServer(options, handler);
    try {
      for (const transport of Object.values(other.transports))
        await expect(createClient(LlmProxyService, transport).getServerInfo({}, as("key"))).rejects.toThrow();
      const messages = logger.entries.map(({ message }) => message).filter((message) => message !== "rpc");
      expect([...new Set(messages)]).toEqual(expected);
    } finally {
      await other.close();
    }
  });
});
