import { readFileSync } from "node:fs";
import { join } from "node:path";
import { watchConfig } from "@llmproxy/config";
import { systemClock } from "@llmproxy/spec";
import { createMemoryLogger, temporaryDirectory } from "@llmproxy/testing";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { startGateway } from "./gateway.ts";
import { version } from "./version.ts";

async function withGateway(
  run: (url: string, apiKey: string, token: string, directory: string) => Promise<void>,
) {
  await using directory = await temporaryDirectory();
  const logger = createMemoryLogger();
  const flags = { server: { port: 0 } };
  const live = await watchConfig({ directory: directory.path, environment: {}, flags, logger });
  const ports = { live, dataDirectory: directory.path, logger, clock: systemClock };
  const gateway = await startGateway(ports);
  try {
    const { apiKey, managementToken } = gateway.bootstrap ?? {};
    await run(gateway.url, apiKey?.reveal() ?? "", managementToken?.reveal() ?? "", directory.path);
  } finally {
    await gateway.stop();
    await live.close();
  }
}

describe("the gateway", () => {
  it("tells whoever finds its data directory owned that it answers REST only", () =>
    withGateway(async (url, _apiKey, _token, directory) => {
      const owner: unknown = JSON.parse(readFileSync(join(directory, "owner.json"), "utf8"));
      expect(owner).toMatchObject({ url, surface: "rest" });
    }));

  it("answers OpenAI's client", () =>
    withGateway(async (url, apiKey) => {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey });
      const messages = [{ role: "user" as const, content: "Hello" }];
      const answer = await client.chat.completions.create({ model: "echo", messages });
      expect(answer.choices[0]?.message.content).toBe("Hello");
    }));

  it("serves the operations by REST, with the same permissions", () =>
    withGateway(async (url, apiKey, token) => {
      const ask = (credential: string) =>
        fetch(`${url}/manage/projects`, { headers: { authorization: `Bearer ${credential}` } });
      expect(await (await ask(token)).json()).toMatchObject([{ id: "default" }]);
      expect((await ask(apiKey)).status).toBe(403);
    }));

  it("names the next page of a list whose body is a bare array in a header", () =>
    withGateway(async (url, _apiKey, token) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const ask = (path: string, init = {}) => fetch(`${url}${path}`, { headers, ...init });
      await ask("/manage/projects", { method: "POST", body: '{"name":"second"}' });
      const first = await ask("/manage/projects?page_size=1");
      const next = first.headers.get("x-next-page-token") ?? "";
      const second = await ask(`/manage/projects?page_size=1&page_token=${encodeURIComponent(next)}`);
      expect(await first.json()).toMatchObject([{ id: "default" }]);
      expect(await second.json()).toMatchObject([{ name: "second" }]);
      expect(second.headers.get("x-next-page-token")).toBeNull();
    }));

  it("answers what does not exist in the shape of whoever would ask there", () =>
    withGateway(async (url) => {
      const ask = async (path: string) => (await fetch(`${url}${path}`)).json();
      expect(await ask("/manage/unknown")).toMatchObject({ code: "endpoint_not_found" });
      expect(await ask("/v1/unknown")).toMatchObject({ error: { code: "endpoint_not_found" } });
      expect(await ask("/v1/messages/unknown")).toMatchObject({
        type: "error",
        error: { type: "not_found_error" },
      });
    }));

  it("speaks no RPC", () =>
    withGateway(async (url) => {
      const answer = await fetch(`${url}/llmproxy.v1.LlmProxyService/GetServerInfo`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      expect(answer.status).toBe(404);
    }));

  it("tells the version of its manifest", () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(version).toBe(manifest.version);
  });
});
