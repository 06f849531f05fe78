import { chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  answerByPath,
  createFakeUpstream,
  freePort,
  openaiError,
  openaiModels,
  type TemporaryDirectory,
  temporaryDirectory,
  until,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { foreignKey, startForeignIssuer } from "../test-support/foreign-issuer.ts";
import { type RunCommandOptions, runCommand } from "../test-support/run-command.ts";
import { startTestServer, upstreamProvider } from "../test-support/test-server.ts";

interface Found {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  readonly remedy?: string;
}

/** Runs the doctor, on a free port unless the configuration says otherwise. */
async function examine(
  { path }: Pick<TemporaryDirectory, "path">,
  config: Record<string, unknown> = {},
  options: RunCommandOptions & { readonly flags?: readonly string[] } = {},
) {
  await writeFile(join(path, "llmproxy.json"), JSON.stringify({ server: { port: 0 }, ...config }), {
    mode: 0o600,
  });
  const { flags = [], ...rest } = options;
  const { code, stdout, stderr } = await runCommand(path, ["doctor", "--json", ...flags], rest);
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: Found[] };
  const named = (name: string): Found | undefined => checks.find((check) => check.name === name);
  return { code, healthy, checks, named, output: stdout + stderr };
}

describe("doctor before the first start", () => {
  it("finds everything well, and makes nothing", async () => {
    await using directory = await temporaryDirectory();
    const { code, healthy, checks, named } = await examine(directory);
    expect([code, healthy]).toEqual([0, true]);
    expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(named("data directory")?.message).toMatch(/will be made at the first start/);
    expect(named("running server")?.message).toBe("none");
    expect(await readdir(directory.path)).toEqual(["llmproxy.json"]);
  });

  it("prints a line for each check, and what to do below", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "file"), "");
    const { code, stdout, stderr } = await runCommand(directory.path, ["doctor", "--data-dir", "file"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\[ok\] {4}node: version \d+/m);
    expect(stdout).toMatch(
      /^\[fail\] {2}data directory: .*file is not a directory\n {8}-> give another one/m,
    );
    expect(stderr).toMatch(/^llmproxy: \d of \d+ checks failed\n$/);
  });

  it("lists everything that is wrong with the configuration, and exits with 2", async () => {
    await using directory = await temporaryDirectory();
    const { code, checks } = await examine(directory, {
      server: { prot: 1 },
      providers: [
        { name: "up", kind: "openai-compatible", base_url: "http://169.254.169.254/v1", allow_private: true },
      ],
    });
    expect(code).toBe(2);
    const wrong = checks.filter(({ name }) => name === "configuration").map(({ message }) => message);
    expect(wrong).toEqual([
      expect.stringMatching(/^providers\[0\]\.base_url: /),
      expect.stringMatching(/^server\.prot: .*port/),
    ]);
  });

  it("warns of a limit of memory that calls would meet", async () => {
    await using directory = await temporaryDirectory();
    const { code, named } = await examine(directory, {}, { memoryLimitBytes: 128 * 1024 * 1024 });
    expect([code, named("memory")]).toMatchObject([0, { status: "warn", message: "limited to 128 MiB" }]);
  });

  it("says who may read what is secret", async () => {
    await using directory = await temporaryDirectory();
    const inline = { auth: { management_token: "a-management-token-of-ours" } };
    await examine(directory, inline);
    await chmod(join(directory.path, "llmproxy.json"), 0o644);
    await writeFile(join(directory.path, "bootstrap.json"), "{}", { mode: 0o644 });
    const found = await examine(directory, inline, { flags: ["--data-dir", "."] });
    expect(found.code).toBe(1);
    const files = found.checks.filter(({ name }) => name === "secret files");
    expect(files).toMatchObject([
      {
        status: "fail",
        message: expect.stringContaining("bootstrap.json"),
        remedy: expect.stringContaining("chmod 600"),
      },
      { status: "warn", message: expect.stringContaining("auth.management_token") },
    ]);
    expect(found.output).not.toContain("a-management-token-of-ours");
  });

  it("lets others read a configuration file that only names where its secrets are", async () => {
    await using directory = await temporaryDirectory();
    const provider = upstreamProvider("http://127.0.0.1:9", { api_key_env: "KEY" });
    const named = { providers: [provider] };
    const options = { environment: { KEY: "sk-upstream" }, flags: ["--offline"] };
    await examine(directory, named, options);
    await chmod(join(directory.path, "llmproxy.json"), 0o644);
    expect((await examine(directory, named, options)).named("secret files")?.status).toBe("ok");
    const inline = {
      providers: [upstreamProvider("http://127.0.0.1:9", { headers: { "x-key": "secret" } })],
    };
    expect((await examine(directory, inline, options)).named("secret files")).toMatchObject({
      status: "warn",
      message: expect.stringContaining("providers[0].headers"),
    });
  });

  it("says that authentication is off where others reach it", async () => {
    await using directory = await temporaryDirectory();
    const { named } = await examine(directory, {
      server: { port: 0, host: "0.0.0.0" },
      auth: { enabled: false },
    });
    expect(named("authentication")).toMatchObject({ status: "warn" });
  });
});

describe("doctor and the database", () => {
  it("looks whether it is whole", async () => {
    await using directory = await temporaryDirectory();
    await runCommand(directory.path, ["project", "create", "team"]);
    expect((await examine(directory)).named("database")).toMatchObject({
      status: "ok",
      message: expect.stringMatching(/is whole, with \d+ migrations$/),
    });
    await writeFile(join(directory.path, "data", "llmproxy.db"), "this has never been a database");
    const { code, named } = await examine(directory);
    expect([code, named("database")]).toMatchObject([
      1,
      { status: "fail", remedy: expect.stringContaining("backup") },
    ]);
  });
});

describe("doctor and providers", () => {
  const key = "sk-canary-0123456789";
  const configOf = (url: string, more: Record<string, unknown> = {}) => ({
    providers: [{ name: "echo", kind: "echo" }, upstreamProvider(url, { api_key: key })],
    ...more,
  });

  it("asks for the models with the configured key, and looks for the default one", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond(answerByPath({ "/models": openaiModels(["llama", "qwen"]) }));
    const found = await examine(directory, configOf(upstream.url, { default_model: "qwen" }));
    expect(found.code).toBe(0);
    expect(found.named("provider up")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("2 models"),
    });
    expect(found.named("default model")).toMatchObject({ status: "ok", message: "qwen is one of up's" });
    expect(upstream.requests[0]).toMatchObject({
      path: "/v1/models",
      headers: { authorization: `Bearer ${key}` },
    });
    const other = await examine(directory, configOf(upstream.url, { default_model: "gpt" }));
    expect(other.named("default model")).toMatchObject({ status: "fail", message: "no provider has gpt" });
    expect(found.output + other.output).not.toContain(key);
  });

  it.each([
    [401, "fail", /refuses the key \(401\)/],
    [403, "fail", /refuses the key \(403\)/],
    [404, "warn", /gives no list of models \(404\)/],
    [503, "warn", /answers with 503/],
  ])("tells what an answer of %i means", async (status, verdict, message) => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond(openaiError({ message: `no: ${key}` }, { status }));
    const found = await examine(directory, configOf(upstream.url));
    expect(found.named("provider up")).toMatchObject({
      status: verdict,
      message: expect.stringMatching(message),
    });
    expect(found.code).toBe(verdict === "fail" ? 1 : 0);
    expect(found.output).not.toContain(key);
  });

  it("shows each kind of provider its key where that kind looks for it", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond(openaiModels(["claude"]));
    const provider = upstreamProvider(upstream.url, {
      kind: "anthropic",
      api_key: key,
      headers: { "X-Team": "a" },
    });
    const found = await examine(directory, { providers: [{ name: "echo", kind: "echo" }, provider] });
    expect(found.named("provider up")).toMatchObject({ status: "ok" });
    const [request] = upstream.requests;
    expect(request?.headers).toMatchObject({
      "x-api-key": key,
      "anthropic-version": "2023-06-01",
      "x-team": "a",
    });
    expect(request?.headers).not.toHaveProperty("authorization");
  });

  it("warns of an address that answers with something else", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "<html>", headers: { "content-type": "text/html" } });
    expect((await examine(directory, configOf(upstream.url))).named("provider up")).toMatchObject({
      status: "warn",
      message: expect.stringContaining("gives no list of models (200)"),
      remedy: expect.stringContaining("/v1"),
    });
  });

  it("tells a provider that is not there, and a name that does not resolve", async () => {
    await using directory = await temporaryDirectory();
    const refused = await examine(directory, configOf(`http://127.0.0.1:${await freePort()}`));
    expect(refused.named("provider up")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("refused"),
    });
    const unknown = await examine(directory, configOf("http://no-such-host.invalid"));
    expect(unknown.named("provider up")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("resolve"),
      remedy: expect.stringContaining("base_url"),
    });
  });

  it("connects to nobody when it is to stay offline", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    await using issuer = await startForeignIssuer(foreignKey("EdDSA", "a"));
    const config = configOf(upstream.url, { default_model: "x", auth: { jwt: [issuer.entry] } });
    const { code, named } = await examine(directory, config, { flags: ["--offline"] });
    expect([code, upstream.connections, issuer.requests.length]).toEqual([0, 0, 0]);
    expect(named("default model")).toMatchObject({ status: "warn" });
  });

  it("compares its clock with theirs", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond(openaiModels([], { headers: { date: new Date(Date.now() - 120_000).toUTCString() } }));
    expect((await examine(directory, configOf(upstream.url))).named("clock of others")).toMatchObject({
      status: "warn",
      message: expect.stringMatching(/^1[12]\d s ahead of the providers'$/),
    });
  });
});

describe("doctor and token issuers", () => {
  it("fetches the keys of others and reads our own", async () => {
    await using directory = await temporaryDirectory();
    await using issuer = await startForeignIssuer(foreignKey("RS256", "a"));
    await runCommand(directory.path, ["jwt", "issue", "alice"]);
    const found = await examine(directory, { auth: { jwt: [issuer.entry] } });
    expect(found.named("issuer https://id.example.com")).toMatchObject({ status: "ok" });
    expect(found.named("signing key")).toMatchObject({
      status: "ok",
      message: expect.stringMatching(/^1 in the file/),
    });
    issuer.isDown = true;
    const down = await examine(directory, { auth: { jwt: [issuer.entry] } });
    expect([down.code, down.named("issuer https://id.example.com")]).toMatchObject([1, { status: "fail" }]);
    await chmod(join(directory.path, "data", "jwt-keys.pem"), 0o644);
    expect((await examine(directory)).named("signing key")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("chmod 600"),
    });
  });

  it("refuses what is no key set", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "<html>" });
    const entry = { issuer: "me", audience: "llmproxy", jwks_url: upstream.url, allow_private: true };
    expect((await examine(directory, { auth: { jwt: [entry] } })).named("issuer me")).toMatchObject({
      status: "fail",
    });
  });
});

describe("doctor and a running server", () => {
  it("asks it how it is", async () => {
    await using server = await startTestServer();
    const { port } = new URL(server.url);
    const run = () =>
      runCommand(server.dataDirectory, ["doctor", "--data-dir", "."], {
        environment: { LLMPROXY_SERVER__PORT: port },
      });
    const well = await run();
    expect(well).toMatchObject({ code: 0, stderr: "" });
    expect(well.stdout).toMatch(/\[ok\] +running server: http:.* is ready/);
    expect(well.stdout).toMatch(/\[ok\] +version: \d/);
    expect(well.stdout).toMatch(/\[ok\] +owner: process \d+ at http/);
    expect(well.stdout).toMatch(/\[ok\] +port: \d+ is the running server's/);
    expect(well.stdout).toContain("database: in use by the running server");
    await writeFile(
      join(server.dataDirectory, "llmproxy.yaml"),
      "telemetry: { metrics: { path: /numbers } }\n",
    );
    await until(() => server.live.pending().length > 0);
    expect((await run()).stdout).toMatch(
      /\[warn\] +configuration in effect: waiting for a restart: telemetry\.metrics\.path/,
    );
    await writeFile(
      join(server.dataDirectory, "llmproxy.yaml"),
      "telemetry: { metrics: { pat: /numbers } }\n",
    );
    await until(() => server.live.refused() !== undefined);
    const broken = await run();
    expect(broken.code).toBe(2);
    expect(broken.stdout).toMatch(
      /\[fail\] +configuration in effect: .*is refused: telemetry\.metrics\.pat: /,
    );
  });

  it("says which port somebody else has", async () => {
    await using directory = await temporaryDirectory();
    await using other = await createFakeUpstream();
    const { code, named } = await examine(directory, { server: { port: other.port } });
    expect([code, named("port")]).toMatchObject([
      1,
      {
        status: "fail",
        message: expect.stringContaining(String(other.port)),
        remedy: expect.stringContaining("server.port"),
      },
    ]);
  });

  it("checks everything else when the token cannot be known", async () => {
    await using server = await startTestServer({ auth: { management_token: "a-management-token-of-ours" } });
    const { code, stdout } = await runCommand(server.dataDirectory, ["doctor", "--data-dir", "."], {
      environment: { LLMPROXY_SERVER__PORT: "0" },
    });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/\[warn\] +running server: cannot be asked[\s\S]*--token-file/),
    ]);
  });

  it("says so when its token is not the server's", async () => {
    await using server = await startTestServer();
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "token"), "not-its-management-token");
    const { code, checks } = await examine(
      directory,
      {},
      { flags: ["--server", server.url, "--token-file", "token"] },
    );
    expect(code).toBe(1);
    expect(checks.filter(({ name, status }) => name === "running server" && status === "fail")).toHaveLength(
      2,
    );
  });
});
