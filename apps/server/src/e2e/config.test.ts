import { mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  answerByPath,
  createFakeUpstream,
  type FakeUpstream,
  openaiChat,
  openaiModels,
  temporaryDirectory,
  until,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { startChildServer } from "../test-support/child-server.ts";
import { runCommand } from "../test-support/run-command.ts";
import { startTestServer, type TestServer, upstreamProvider } from "../test-support/test-server.ts";

const providerKey = "sk-upstream-0123456789";

/** Writes the file the server follows. */
function writeConfig(server: TestServer, document: Record<string, unknown>): Promise<void> {
  return writeFile(join(server.dataDirectory, "llmproxy.yaml"), JSON.stringify(document), { mode: 0o600 });
}

/** A configuration in which `fast` leads to one upstream. */
function leadingTo(upstream: FakeUpstream, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    providers: [
      { name: "echo", kind: "echo" },
      upstreamProvider(upstream.url, { api_key: providerKey, ...more }),
    ],
    models: [{ name: "fast", targets: [{ provider: "up", model: "any" }] }],
  };
}

/** Starts a server that follows its file, and puts the first configuration there. */
async function startFollowing(document: Record<string, unknown>): Promise<TestServer> {
  const server = await startTestServer();
  await writeConfig(server, document);
  await until(() => server.logger.entries.some(({ message }) => message === "configuration applied"));
  return server;
}

function ask(server: TestServer, body: Record<string, unknown> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "fast", messages: [{ role: "user", content: "hello" }], ...body }),
  });
}

async function textOf(answer: Response): Promise<string> {
  const body = (await answer.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

/** An upstream whose models are nobody's business, and which says a text. */
async function saying(text: string, chunkDelayMs = 0): Promise<FakeUpstream> {
  const upstream = await createFakeUpstream();
  upstream.respond(
    answerByPath({ "/models": openaiModels([]), "/completions": openaiChat({ text, chunkDelayMs }) }),
  );
  return upstream;
}

function run(server: TestServer, ...given: string[]) {
  return runCommand(server.dataDirectory, [...given, "--data-dir", "."]);
}

describe("a change of the configuration file", () => {
  it("leads the next call to another target, while the stream in flight ends whole", async () => {
    await using before = await saying("one two three four five six seven eight", 60);
    await using after = await saying("from the new one");
    await using server = await startFollowing(leadingTo(before));
    const stream = await ask(server, { stream: true });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? "";
    await writeConfig(server, leadingTo(after));
    await until(async () => (await textOf(await ask(server))) === "from the new one");
    expect(text).not.toContain("[DONE]");
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text).toContain("eight");
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  });

  it("is refused when it is broken, with the violation in the log, while traffic goes on", async () => {
    await using upstream = await saying("still here");
    await using server = await startFollowing(leadingTo(upstream));
    await writeConfig(server, { ...leadingTo(upstream), default_model: 7, server: { prot: 1 } });
    const refusal = () =>
      server.logger.entries.find(({ message }) => message.includes("configuration refused"));
    await until(() => refusal() !== undefined);
    expect(refusal()).toMatchObject({
      level: "error",
      fields: {
        violations: expect.arrayContaining([
          expect.objectContaining({ path: "default_model" }),
          expect.objectContaining({ path: "server.prot", message: expect.stringContaining("port") }),
        ]),
      },
    });
    expect(await textOf(await ask(server))).toBe("still here");
    const shown = await run(server, "config", "show");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("is refused; what is shown was valid last:");
    expect(shown.stdout).toMatch(/ {2}server\.prot: .*port/);
    const json = JSON.parse((await run(server, "config", "show", "--json")).stdout) as { refused: unknown[] };
    expect(json.refused).toHaveLength(2);
    expect(shown.stdout).not.toContain(providerKey);
    await writeConfig(server, leadingTo(upstream));
    await until(async () => !(await run(server, "config", "show")).stdout.includes("refused"));
  });

  it("keeps what needs a restart pending, and shows it", async () => {
    await using server = await startFollowing({ telemetry: { log: { level: "warn" } } });
    await writeConfig(server, { telemetry: { log: { level: "warn" }, metrics: { path: "/numbers" } } });
    await until(() => server.live.pending().length > 0);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
    const shown = await run(server, "config", "show", "telemetry");
    expect(shown.stdout).toMatch(/KEY +VALUE +FROM +CHANGE +PENDING/);
    expect(shown.stdout).toMatch(/telemetry\.metrics\.path +"\/metrics" +default +restart +"\/numbers"/);
    const got = await run(server, "config", "get", "telemetry.metrics.path", "--json");
    expect(JSON.parse(got.stdout)).toEqual({
      path: "telemetry.metrics.path",
      value: "/metrics",
      source: "default",
      mark: "restart",
      pending: "/numbers",
    });
  });
});

describe("a key that is swapped as Kubernetes does it", () => {
  it("goes with the next request, while streams in flight go on", async () => {
    await using upstream = await saying("one two three four five six seven eight", 60);
    await using secrets = await temporaryDirectory();
    const publish = async (version: string, key: string): Promise<void> => {
      await mkdir(join(secrets.path, version));
      await writeFile(join(secrets.path, version, "api-key"), key, { mode: 0o600 });
      await symlink(version, join(secrets.path, "..data_tmp"));
      await rename(join(secrets.path, "..data_tmp"), join(secrets.path, "..data"));
    };
    await publish("..2026_01", "sk-first-0123456789");
    await symlink(join("..data", "api-key"), join(secrets.path, "api-key"));
    const { api_key: _inline, ...provider } = upstreamProvider(upstream.url);
    const keyFile = { ...provider, api_key_file: join(secrets.path, "api-key") };
    const models = [{ name: "fast", targets: [{ provider: "up", model: "any" }] }];
    await using server = await startFollowing({
      providers: [{ name: "echo", kind: "echo" }, keyFile],
      models,
    });
    const reader = (await ask(server, { stream: true })).body
      ?.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = (await reader?.read())?.value ?? "";
    await publish("..2026_02", "sk-second-0123456789");
    const keys = (): readonly unknown[] =>
      upstream.requests
        .filter(({ path }) => path.endsWith("/completions"))
        .map(({ headers }) => headers.authorization);
    await until(async () => {
      await (await ask(server)).text();
      return keys().at(-1) === "Bearer sk-second-0123456789";
    });
    expect(keys()[0]).toBe("Bearer sk-first-0123456789");
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text).toContain("eight");
    expect(text).toContain("data: [DONE]");
    expect(server.logger.text()).not.toContain("sk-second-0123456789");
  });
});

describe("config set and unset of a running server", () => {
  it("override a setting until the server stops, and take that back", async () => {
    await using server = await startTestServer();
    const set = await run(server, "config", "set", "default_model", "echo");
    expect(set).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^default_model = echo at http:.*until it stops.*--save/),
    });
    expect((await ask(server, { model: undefined })).status).toBe(200);
    expect((await run(server, "config", "get", "default_model")).stdout).toBe("echo\n");
    const unset = await run(server, "config", "unset", "default_model");
    expect(unset).toMatchObject({ code: 0, stdout: expect.stringContaining("from default again") });
    expect((await ask(server, { model: undefined })).status).toBe(400);
    expect(await run(server, "config", "unset", "default_model")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not overridden"),
    });
  });

  it("override a whole section, and one entry of a list", async () => {
    await using server = await startTestServer();
    const set = await run(
      server,
      "config",
      "set",
      "server.cors",
      "{ origins: ['*'], max_age: 1h }",
      "--json",
    );
    expect(JSON.parse(set.stdout)).toEqual({
      server: server.url,
      settings: [
        { path: "server.cors.origins[0]", value: "*", source: "override", mark: "live" },
        { path: "server.cors.max_age", value: "1h", source: "override", mark: "live" },
      ],
    });
    expect((await run(server, "config", "set", "providers[0].delay_ms", "1")).stdout).toMatch(
      /^providers\[0\]\.delay_ms = 1 at/,
    );
    expect(await run(server, "config", "set", "providers[1].delay_ms", "1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("providers has 1 entry"),
    });
  });

  it("never show a secret", async () => {
    await using server = await startTestServer();
    const set = await run(server, "config", "set", "auth.management_token", "a-canary-of-a-token");
    expect(set).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^auth\.management_token = \[secret\] at/),
    });
    expect((await run(server, "config", "show")).code).toBe(1);
    await writeFile(join(server.dataDirectory, "token"), "a-canary-of-a-token");
    const got = await run(server, "config", "get", "auth.management_token", "--token-file", "token");
    expect(got).toMatchObject({ code: 0, stdout: "[secret]\n" });
    expect(set.stdout + set.stderr).not.toContain("a-canary-of-a-token");
  });

  it.each([
    [["server.prot", "1"], /there is no setting "server\.prot": server has host, port/],
    [["server.host", "0.0.0.0"], /server\.host: needs a restart .*llmproxy\.yaml/],
    [["default_model", "[a"], /^llmproxy: value: /],
    [["telemetry.log.level", "loud"], /telemetry\.log\.level: is "loud", should be debug/],
  ])("refuse %j, naming what would be right", async (given, message) => {
    await using server = await startTestServer();
    expect(await run(server, "config", "set", ...given)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });

  it("--save writes the file, keeps its comments, and tells what the server made of it", async () => {
    await using server = await startTestServer();
    const file = join(server.dataDirectory, "llmproxy.yaml");
    await writeFile(file, "# ours\ntelemetry:\n  log: { level: warn } # quiet\n", { mode: 0o640 });
    await until(() => server.live.current().telemetry.log.level === "warn");
    const live = await run(server, "config", "set", "--save", "telemetry.log.level", "error");
    expect(live).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("the running server has applied it"),
    });
    expect(server.live.current().telemetry.log.level).toBe("error");
    const restart = await run(
      server,
      "config",
      "set",
      "--save",
      "telemetry.metrics.path",
      "/numbers",
      "--json",
    );
    expect(JSON.parse(restart.stdout)).toMatchObject({ effect: "pending", value: "/numbers", file });
    const text = await readFile(file, "utf8");
    expect(text).toMatch(/^# ours\n/);
    expect(text).toContain("# quiet");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    const back = await run(server, "config", "unset", "--save", "telemetry.log.level");
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining("no longer set") });
    expect(server.live.current().telemetry.log.level).toBe("info");
  });

  it("unset --save takes a setting out of the file that the running server has not taken from it", async () => {
    await using server = await startTestServer();
    const file = join(server.dataDirectory, "llmproxy.yaml");
    await writeFile(file, "# ours\n", { mode: 0o600 });
    expect((await run(server, "config", "set", "--save", "server.host", "127.0.0.2")).code).toBe(0);
    expect(await run(server, "config", "unset", "--save", "server.host")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("server.host is no longer set in"),
    });
    expect(await readFile(file, "utf8")).toBe("# ours\n");
    expect(await run(server, "config", "unset", "--save", "server.host")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("server.host is not set in"),
    });
  });

  it("--save leaves the file alone when the configuration would not be valid", async () => {
    await using server = await startTestServer();
    const file = join(server.dataDirectory, "llmproxy.yaml");
    const wrong = await run(server, "config", "set", "--save", "server.port", "http");
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing was written:\nserver\.port: /),
    });
    await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("--save does not write the files of a server elsewhere", async () => {
    await using server = await startTestServer();
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "token"), server.managementToken);
    const elsewhere = ["--server", server.url, "--token-file", "token"];
    const saved = await runCommand(directory.path, [
      "config",
      "set",
      "--save",
      "default_model",
      "echo",
      ...elsewhere,
    ]);
    expect(saved).toMatchObject({ code: 2, stderr: expect.stringContaining("are not on this machine") });
    const set = await runCommand(directory.path, ["config", "set", "default_model", "echo", ...elsewhere]);
    expect(set.code).toBe(0);
    expect(server.live.current().defaultModel).toBe("echo");
  });
});

describe("config without a server", () => {
  it("writes a new file, says what wins over it, and takes it back", async () => {
    await using directory = await temporaryDirectory();
    const config = (given: readonly string[], environment: Record<string, string> = {}) =>
      runCommand(directory.path, ["config", ...given], { environment });
    const set = await config(["set", "server.port", "9001"], { LLMPROXY_SERVER__PORT: "9002" });
    expect(set).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/no effect: .*environment, which wins/),
    });
    expect((await config(["get", "server.port"])).stdout).toBe("9001\n");
    expect((await config(["get", "server.cors"])).stdout).toBe(
      "server.cors.origins: []\nserver.cors.max_age: 24h\n",
    );
    expect((await config(["unset", "server.port"])).code).toBe(0);
    expect((await config(["get", "server.port"])).stdout).toBe("8080\n");
    expect(await config(["unset", "server.host"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not set in"),
    });
  });

  it("gives a setting without value as null, and names what there is for one that does not exist", async () => {
    await using directory = await temporaryDirectory();
    const get = (path: string) => runCommand(directory.path, ["config", "get", path]);
    expect(await get("auth.management_token")).toMatchObject({ code: 0, stdout: "null\n" });
    expect(await get("auth.issuer.alg")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/auth\.issuer has issuer, audience, algorithm/),
    });
  });

  it("writes the schema for editors", async () => {
    await using directory = await temporaryDirectory();
    const written = await runCommand(directory.path, [
      "config",
      "schema",
      "--output",
      "llmproxy.schema.json",
    ]);
    expect(written.stdout).toContain("# yaml-language-server: $schema=llmproxy.schema.json");
    const schema: unknown = JSON.parse(await readFile(join(directory.path, "llmproxy.schema.json"), "utf8"));
    expect(schema).toMatchObject({ type: "object", properties: { server: {}, providers: {} } });
    expect(JSON.parse((await runCommand(directory.path, ["config", "schema"])).stdout)).toEqual(schema);
  });
});

describe("a server in a process of its own", () => {
  it("reads its file anew at SIGHUP, and logs as it then says", { timeout: 30_000 }, async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "llmproxy.yaml");
    await writeFile(file, "telemetry: { log: { level: warn } }\n");
    await using server = await startChildServer(directory.path, ["--log-level", "info"]);
    await writeFile(file, "telemetry: { log: { level: warn } }\ndefault_model: echo\n");
    process.kill(server.pid, "SIGHUP");
    await until(() => server.output.stdout.includes("configuration applied"));
    const set = await runCommand(directory.path, ["config", "set", "telemetry.log.level", "debug"]);
    expect(set.code).toBe(0);
    expect((await runCommand(directory.path, ["config", "set", "telemetry.log.level", "error"])).code).toBe(
      0,
    );
    const before = server.output.stdout.length;
    const call = (): Promise<Response> =>
      fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ messages: [{ role: "user", content: "hello" }] }),
      });
    expect((await call()).status).toBe(200);
    expect((await runCommand(directory.path, ["config", "unset", "telemetry.log.level"])).code).toBe(0);
    expect((await call()).status).toBe(200);
    await until(() => server.output.stdout.slice(before).includes(`"echo"`));
    const calls = server.output.stdout
      .slice(before)
      .split("\n")
      .filter((line) => line.includes(`"outcome"`));
    expect(calls).toHaveLength(1);
  });
});
