import { execFile } from "node:child_process";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CallRecord } from "@llmproxy/spec";
import { openSqliteStore } from "@llmproxy/store";
import { createFakeUpstream, temporaryDirectory, until } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import {
  type ChildServer,
  runLlmproxy,
  startChildServer,
  stopWhileStarting,
} from "../test-support/child-server.ts";
import { upstreamProvider } from "../test-support/test-server.ts";

const run = promisify(execFile);

function complete(server: ChildServer, body: Record<string, unknown> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }], ...body }),
  });
}

function createProject(server: ChildServer, name: string): Promise<Response> {
  return fetch(`${server.url}/llmproxy.management.v1.ProjectService/CreateProject`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.managementToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
}

describe("the first start", () => {
  it("makes the data directory, the bootstrap and a curl line that works as pasted", async () => {
    await using directory = await temporaryDirectory();
    await using server = await startChildServer(directory.path, ["--ready-file", "ready.json"]);
    const mode = async (name: string): Promise<string> =>
      ((await stat(join(directory.path, name))).mode & 0o777).toString(8);
    expect([
      await mode("data"),
      await mode("data/bootstrap.json"),
      await mode("data/peppers.json"),
      await mode("data/llmproxy.db"),
    ]).toEqual(["700", "600", "600", "600"]);
    await until(() => server.output.stderr.includes("curl "));
    const line = server.output.stderr.split("\n").find((text) => text.startsWith("curl "));
    const { stdout } = await run("sh", ["-c", `${line} -sS`]);
    expect(JSON.parse(stdout)).toMatchObject({ choices: [{ message: { content: "Hello" } }] });
    await until(async () => (await readdir(directory.path)).includes("ready.json"));
    expect(JSON.parse(await readFile(join(directory.path, "ready.json"), "utf8"))).toMatchObject({
      url: server.url,
      pid: server.pid,
    });
    expect(JSON.parse(server.output.stdout.split("\n")[0] ?? "")).toMatchObject({
      msg: "ready",
      url: server.url,
      pid: server.pid,
      startup_ms: expect.any(Number),
    });
  });

  it("is the only one: a second start keeps the bootstrap, and its key works", async () => {
    await using directory = await temporaryDirectory();
    const first = await startChildServer(directory.path);
    expect(await first.end("SIGTERM")).toBe(0);
    await using second = await startChildServer(directory.path);
    expect([second.apiKey, second.managementToken]).toEqual([first.apiKey, first.managementToken]);
    expect((await complete(second)).status).toBe(200);
  });

  it("gives a key that works also where the store only lives in memory", async () => {
    await using directory = await temporaryDirectory();
    const environment = { LLMPROXY_STORE__URL: "sqlite::memory:" };
    const first = await startChildServer(directory.path, [], environment);
    await first.end("SIGTERM");
    await using second = await startChildServer(directory.path, [], environment);
    expect((await complete(second)).status).toBe(200);
  });

  it("is not repeated over a database whose peppers are lost", async () => {
    await using directory = await temporaryDirectory();
    const first = await startChildServer(directory.path);
    await first.end("SIGTERM");
    await rm(join(directory.path, "data", "peppers.json"));
    const second = await runLlmproxy(directory.path, ["serve", "--port", "0"]);
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringMatching(/peppers\.json is missing.*restore it/),
    ]);
  });

  it("makes no bootstrap where a management token is configured", async () => {
    await using directory = await temporaryDirectory();
    const environment = { LLMPROXY_AUTH__MANAGEMENT_TOKEN: "a-management-token-of-ours" };
    await using server = await startChildServer(directory.path, [], environment);
    expect(await readdir(join(directory.path, "data"))).not.toContain("bootstrap.json");
    const answer = await createProject({ ...server, managementToken: "a-management-token-of-ours" }, "a");
    expect(answer.status).toBe(200);
  });
});

describe("a running server", () => {
  it("is named to whoever starts a second one on its data", async () => {
    await using directory = await temporaryDirectory();
    await using server = await startChildServer(directory.path);
    const second = await runLlmproxy(directory.path, ["serve", "--port", "0"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(server.pid));
    expect(second.stderr).toContain(server.url);
  });

  it("says which port is in use", async () => {
    await using directory = await temporaryDirectory();
    await using other = await temporaryDirectory();
    await using server = await startChildServer(directory.path);
    const { port } = new URL(server.url);
    const second = await runLlmproxy(other.path, ["serve", "--port", port]);
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(port)]);
  });

  it("finishes the calls in flight when it is told to stop", async () => {
    await using directory = await temporaryDirectory();
    const providers = JSON.stringify([{ name: "echo", kind: "echo", chunk_delay_ms: 100 }]);
    await using server = await startChildServer(directory.path, [], { LLMPROXY_PROVIDERS: providers });
    const answer = await complete(server, {
      stream: true,
      messages: [{ role: "user", content: "a b c d e f g h" }],
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    const ended = server.end("SIGTERM");
    let text = "";
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text).toContain("[DONE]");
    expect(await ended).toBe(0);
  });

  it("ends cleanly when it is told to stop while it starts", async () => {
    await using directory = await temporaryDirectory();
    expect(await stopWhileStarting(directory.path)).toBe(0);
    await using again = await startChildServer(directory.path);
    expect((await complete(again)).status).toBe(200);
  });

  it("takes its ready file away when it ends", async () => {
    await using directory = await temporaryDirectory();
    const server = await startChildServer(directory.path, ["--ready-file", "ready.json"]);
    expect(await readdir(directory.path)).toContain("ready.json");
    await server.end("SIGTERM");
    expect(await readdir(directory.path)).not.toContain("ready.json");
    const failed = await runLlmproxy(directory.path, [
      "serve",
      "--port",
      "0",
      "--ready-file",
      "no/such/folder",
    ]);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining("no/such/folder")]);
  });

  it("stops at once at the second signal", async () => {
    await using directory = await temporaryDirectory();
    const providers = JSON.stringify([{ name: "echo", kind: "echo", chunk_delay_ms: 60_000 }]);
    await using server = await startChildServer(directory.path, [], { LLMPROXY_PROVIDERS: providers });
    const answer = await complete(server, { stream: true, messages: [{ role: "user", content: "a b" }] });
    await answer.body?.getReader().read();
    process.kill(server.pid, "SIGTERM");
    await until(() => server.output.stdout.includes(`"stopping"`));
    expect(await server.end("SIGTERM")).toBe(1);
  });
});

describe("kill -9 during writes", () => {
  it("loses nothing that was acknowledged", { timeout: 60_000 }, async () => {
    await using directory = await temporaryDirectory();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await using server = await startChildServer(directory.path);
      const killed = new AbortController();
      const write = async (worker: number): Promise<void> => {
        for (let number = 0; !killed.signal.aborted; number += 1) {
          const name = `r${round}-w${worker}-${number}`;
          const answer = await createProject(server, name).catch(() => undefined);
          if (answer?.status === 200 && (await answer.text().catch(() => "")) !== "") acknowledged.push(name);
        }
      };
      const writers = [0, 1, 2, 3].map(write);
      await until(() => acknowledged.filter((name) => name.startsWith(`r${round}-`)).length >= 20);
      await server.end("SIGKILL");
      killed.abort();
      await Promise.all(writers);
    }
    await using server = await startChildServer(directory.path);
    const listed = await runLlmproxy(directory.path, ["project", "list", "--json"]);
    const names = (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(acknowledged));
    expect((await complete(server)).status).toBe(200);
  });

  it("keeps the records of calls that have been written, which is soon after their end", {
    timeout: 30_000,
  }, async () => {
    await using directory = await temporaryDirectory();
    await using server = await startChildServer(directory.path);
    const ids = Array.from({ length: 20 }, (_, index) => `request-${String(index).padStart(4, "0")}`);
    for (const id of ids) {
      const answer = await fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${server.apiKey}`,
          "content-type": "application/json",
          "x-request-id": id,
        },
        body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }] }),
      });
      await answer.text();
    }
    const path = join(directory.path, "data", "llmproxy.db");
    const recorded = async (readOnly: boolean): Promise<readonly CallRecord[]> => {
      const store = await openSqliteStore({ path, readOnly });
      const { items } = await store.usage.list({}, { pageSize: 100 });
      await store.close();
      return items;
    };
    await until(async () => (await recorded(true)).length === ids.length);
    await server.end("SIGKILL");
    const items = await recorded(false);
    expect(items.map(({ requestId }) => requestId).sort()).toEqual(ids);
    expect(items[0]).toMatchObject({
      projectId: "default",
      requestedModel: "echo",
      outcome: "finished",
      usage: { estimated: false },
    });
  });
});

describe("the command line", () => {
  it("lists all five mistakes of a configuration and exits with 2", async () => {
    await using directory = await temporaryDirectory();
    const text = [
      "server: { port: http, prot: 1 }",
      "providers: [ { name: up, kind: openai-compatible, base_url: 'ftp://x' } ]",
      "models: [ { name: fast, targets: [ { provider: upp, model: m } ] } ]",
      "redis: { url: 'redis://localhost' }",
    ];
    await writeFile(join(directory.path, "llmproxy.yaml"), `${text.join("\n")}\n`);
    const { code, stderr } = await runLlmproxy(directory.path, ["serve"]);
    expect(code).toBe(2);
    for (const path of [
      "server.port",
      "server.prot",
      "providers[0].base_url",
      "models[0].targets[0].provider",
      "redis.url",
    ])
      expect(stderr).toContain(`${path}: `);
    expect(stderr).toMatch(/redis\.url: not supported by this version/);
  });

  it.each([
    [["--help"], 0],
    [["serve", "--help"], 0],
    [["--version"], 0],
    [["nonsense"], 2],
    [["serve", "--nonsense"], 2],
    [["serve", "--max-rpm", "10"], 2],
    [["key", "create"], 2],
    [["key", "show", "unknown"], 1],
    [["config", "get", "server.prot"], 2],
    [["config", "schema"], 0],
    [["jwt", "inspect"], 1],
    [["generate-token", "alice"], 2],
    [["doctor", "--offline"], 0],
  ])("%j exits with %i", async (given, code) => {
    await using directory = await temporaryDirectory();
    expect((await runLlmproxy(directory.path, given)).code).toBe(code);
  });

  it("administers the store when no server runs, and the server when one does", async () => {
    await using directory = await temporaryDirectory();
    const json = async (...given: string[]): Promise<Record<string, unknown>> =>
      JSON.parse((await runLlmproxy(directory.path, [...given, "--json"])).stdout);
    const project = await json("project", "create", "team");
    await using server = await startChildServer(directory.path);
    const created = await json("key", "create", "ci", "--project", String(project.id), "--model", "echo");
    expect((await complete({ ...server, apiKey: String(created.secret) })).status).toBe(200);
    const { id } = created.key as { id: string };
    await json("key", "revoke", id);
    expect((await complete({ ...server, apiKey: String(created.secret) })).status).toBe(401);
    const table = await runLlmproxy(directory.path, ["key", "list"]);
    expect(table.stdout).toMatch(new RegExp(`${id}\\s+ci\\s+\\S+\\s+revoked`));
    await json("project", "update", String(project.id), "--no-active");
    expect(await json("project", "show", String(project.id))).toMatchObject({
      name: "team",
      is_active: false,
    });
  });

  it("says what is wrong in one line, and whose mistake it is by its exit code", async () => {
    await using directory = await temporaryDirectory();
    await using server = await startChildServer(directory.path);
    for (const [given, code, stderr] of [
      [["key", "show", "nope"], 1, "llmproxy: key not found\n"],
      [["project", "create", ""], 2, /^llmproxy: name: expected .*\n$/],
      [
        ["project", "list", "--server", "http://127.0.0.1:1"],
        2,
        /^llmproxy: --server needs .*--token-file FILE\n$/,
      ],
      [["project", "list", "--token-file", "/nope"], 2, /^llmproxy: --token-file: \/nope cannot be read\n$/],
    ] as const)
      expect(await runLlmproxy(directory.path, given)).toMatchObject({
        code,
        stderr: typeof stderr === "string" ? stderr : expect.stringMatching(stderr),
      });
    expect(server.pid).toBeGreaterThan(0);
  });

  it("writes a configuration that is valid, and does not overwrite it", async () => {
    await using directory = await temporaryDirectory();
    expect((await runLlmproxy(directory.path, ["init"])).code).toBe(0);
    expect((await runLlmproxy(directory.path, ["config", "validate"])).code).toBe(0);
    const again = await runLlmproxy(directory.path, ["init"]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("llmproxy.yaml")]);
  });

  it("shows where each value comes from, and no secret", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "llmproxy.json"), JSON.stringify({ server: { port: 9000 } }));
    const environment = {
      LLMPROXY_AUTH__MANAGEMENT_TOKEN: "canary-management-token",
      LLMPROXY_SERVER__HOST: "127.0.0.2",
    };
    const shown = await runLlmproxy(directory.path, ["config", "show", "--json"], environment);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      server: null,
      file: join(directory.path, "llmproxy.json"),
      settings: expect.arrayContaining([
        { path: "server.port", value: 9000, source: "file", mark: "restart" },
        { path: "server.host", value: "127.0.0.2", source: "environment", mark: "restart" },
        { path: "auth.management_token", value: "[secret]", source: "environment", mark: "live" },
      ]),
    });
    const table = await runLlmproxy(directory.path, ["config", "show"], environment);
    expect(table.stdout).toMatch(/server\.port\s+9000\s+file\s+restart/);
    expect(shown.stdout + table.stdout).not.toContain("canary-management-token");
  });
});

describe("secrets", () => {
  it("appear in no log, error, metric or database file", { timeout: 30_000 }, async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    const providerKey = "provider-canary-9f8e7d6c5b4a3210";
    const managementToken = "management-canary-0123456789abcdef";
    upstream.respond(
      {
        status: 401,
        body: JSON.stringify({ error: { message: `Incorrect API key provided: ${providerKey}` } }),
      },
      { status: 500, body: `echo ${providerKey}` },
      { status: 400, body: JSON.stringify({ error: { message: `bad header Bearer ${providerKey}` } }) },
    );
    const providers = JSON.stringify([
      { name: "echo", kind: "echo" },
      upstreamProvider(upstream.url, { api_key: providerKey }),
    ]);
    const environment = { LLMPROXY_PROVIDERS: providers, LLMPROXY_AUTH__MANAGEMENT_TOKEN: managementToken };
    await using server = await startChildServer(directory.path, ["--log-level", "debug"], environment);
    const created = await runLlmproxy(directory.path, ["key", "create", "canary", "--json"], environment);
    expect(created.code).toBe(0);
    const project = JSON.parse(
      (await runLlmproxy(directory.path, ["project", "create", "p", "--json"], environment)).stdout,
    ) as { id: string };
    const key = JSON.parse(
      (
        await runLlmproxy(
          directory.path,
          ["key", "create", "k", "--project", project.id, "--json"],
          environment,
        )
      ).stdout,
    ) as { secret: string };
    const holder = { ...server, apiKey: key.secret };
    const answers: string[] = [];
    for (const model of ["up/a", "up/b", "up/c", "up/d", "echo", key.secret])
      answers.push(await (await complete(holder, { model, user: key.secret })).text());
    answers.push(await (await complete({ ...server, apiKey: `${key.secret}x` })).text());
    answers.push(await (await fetch(`${server.url}/metrics`)).text());
    answers.push(await (await fetch(`${server.url}/health`)).text());
    await server.end("SIGTERM");
    const files = await readdir(join(directory.path, "data"));
    const contents = await Promise.all(
      files.map((name) => readFile(join(directory.path, "data", name), "latin1")),
    );
    const places = {
      ...server.output,
      answers: answers.filter((text) => !text.includes("model_not_found")).join("\n"),
      data: contents.join("\n"),
    };
    for (const [place, text] of Object.entries(places))
      for (const secret of [providerKey, managementToken, key.secret])
        expect(text.includes(secret), `${place} shows a secret`).toBe(false);
  });
});
