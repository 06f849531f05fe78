import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { checkForm } from "./check.ts";

/** What is found, as `path: message`. */
function problemsOf(tree: JsonObject): readonly string[] {
  return (checkForm(tree).findings ?? []).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

/** A tree with one setting, given by its path. */
function setting(path: string, value: unknown): JsonObject {
  return JSON.parse(
    path.split(".").reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, JSON.stringify(value)),
  );
}

/** A tree with one provider. */
function provider(settings: JsonObject): JsonObject {
  return { providers: [{ name: "a", kind: "openai", ...settings }] };
}

/** A tree with one model. */
function model(settings: JsonObject): JsonObject {
  return { models: [{ name: "a", targets: [{ provider: "echo", model: "echo" }], ...settings }] };
}

const wholeNumber = (low: number, high: number) => `a whole number from ${low} to ${high}`;
const durations = "such as 250ms, 30s, 5m or 12h";

describe("checkForm", () => {
  it("completes nothing with every default", () => {
    const { input } = checkForm({});
    expect(input).toMatchObject({
      server: {
        host: "127.0.0.1",
        port: 8080,
        workers: 1,
        max_body_bytes: "32MiB",
        drain_delay: "0s",
        drain_timeout: "25s",
        trusted_proxies: [],
        cors: { origins: [], max_age: "24h" },
      },
      tls: {
        mode: "off",
        client_auth: "none",
        min_version: "1.2",
        hsts: { enabled: false, max_age: "365d" },
      },
      store: { url: "sqlite:llmproxy.db" },
      redis: { url: null, on_error: "local" },
      auth: { enabled: true, max_stale: "10m", issuer: { algorithm: "EdDSA", ttl: "1h" }, jwt: [] },
      providers: [{ name: "echo", kind: "echo" }],
      direct_models: true,
      models: [],
      default_model: null,
      cache: { max_bytes: "256MiB", max_entry_bytes: "1MiB", default_ttl: "5m", streams: true },
      events: { bus: "in-memory", sinks: [] },
      telemetry: {
        log: { level: "info", format: "auto" },
        metrics: { enabled: true, path: "/metrics", auth: false },
      },
      optimizer: { enabled: false, require_approval: true },
      budget: { assume_output: 4096 },
      extensions: [],
      features: {},
    });
  });

  it("has what is not built switched off by default", () => {
    expect(checkForm({}).input).toMatchObject({
      cache: { enabled: false },
      audit: { enabled: false },
      store: { retention: { usage: null, rollups: null, audit: null } },
    });
  });

  it("completes a provider, an entry of its keys, a model and its targets", () => {
    const { input } = checkForm({ ...provider({ api_keys: [{ api_key: "k" }] }), ...model({}) });
    expect(input?.providers).toEqual([
      {
        name: "a",
        kind: "openai",
        base_url: "https://api.openai.com/v1",
        api_keys: [{ api_key: "k", weight: 1 }],
        allow_private: false,
        headers: {},
        timeout: { connect: "5s", first_byte: "120s", idle: "60s", total: "10m" },
        max_concurrent: null,
      },
    ]);
    expect(input?.models).toEqual([
      {
        name: "a",
        aliases: [],
        policy: "priority",
        targets: [{ provider: "echo", model: "echo", weight: 1 }],
        fallbacks: [],
        cache: { ttl: null },
        on_disconnect: "cancel",
      },
    ]);
  });

  it("takes direct models for wanted exactly while there are no others", () => {
    expect(checkForm({}).input?.direct_models).toBe(true);
    expect(checkForm({ models: [] }).input?.direct_models).toBe(true);
    expect(checkForm(model({})).input?.direct_models).toBe(false);
    expect(checkForm({ ...model({}), direct_models: true }).input?.direct_models).toBe(true);
    expect(checkForm({ direct_models: false }).input?.direct_models).toBe(false);
  });

  it.each<[string, unknown]>([
    ["server.host", "0.0.0.0"],
    ["server.host", "::"],
    ["server.host", "my-host.internal"],
    ["server.port", 0],
    ["server.port", 65_535],
    ["server.max_body_bytes", "1KiB"],
    ["server.max_body_bytes", "512MiB"],
    ["server.drain_timeout", "24d"],
    ["server.trusted_proxies", ["10.0.0.0/8", "::1", "fd00::/8", "192.168.1.1"]],
    ["store.url", "sqlite:/var/lib/llmproxy.db"],
    ["store.url", "sqlite:///var/lib/llmproxy.db"],
    ["store.url", "sqlite::memory:"],
    ["auth.max_stale", "0s"],
    ["default_model", "meta-llama/Llama-3.1-8B"],
    ["telemetry.metrics.path", "/internal/metrics"],
    ["telemetry.log.level", "silent"],
    ["features", { anything: { goes: [1] } }],
    ["events.sinks", [{ kind: "file", path: "x" }]],
    [
      "engines",
      [
        { id: "a", path: "b", gpu_layers: 3 },
        { id: "c", path: "d", gpu_layers: "auto" },
      ],
    ],
    ["limits.subjects", { "some-subject": { rpm: 1, request_timeout: "5s" } }],
  ])("takes %s %j", (path, value) => {
    expect(problemsOf(setting(path, value))).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["server", [], "is a list, should be a map"],
    ["server", "x", 'is "x", should be a map'],
    ["server.host", "", 'is "", should be an IP address or a host name'],
    ["server.host", "[::1]", 'is "[::1]", should be an IP address or a host name'],
    ["server.host", "a b", 'is "a b", should be an IP address or a host name'],
    ["server.host", "http://x", 'is "http://x", should be an IP address or a host name'],
    ["server.port", "8080", `is "8080", should be ${wholeNumber(0, 65_535)}`],
    ["server.port", 65_536, `is 65536, should be ${wholeNumber(0, 65_535)}`],
    ["server.port", -1, `is -1, should be ${wholeNumber(0, 65_535)}`],
    ["server.port", 80.5, `is 80.5, should be ${wholeNumber(0, 65_535)}`],
    ["server.port", true, `is true, should be ${wholeNumber(0, 65_535)}`],
    ["server.port", [8080], `is a list, should be ${wholeNumber(0, 65_535)}`],
    ["server.port", {}, `is a map, should be ${wholeNumber(0, 65_535)}`],
    ["server.workers", 0, `is 0, should be ${wholeNumber(1, 1_024)}`],
    ["server.max_body_bytes", 1024, "is 1024, should be a size from 1KiB to 512MiB, such as 64KiB or 32MiB"],
    [
      "server.max_body_bytes",
      "1023B",
      'is "1023B", should be a size from 1KiB to 512MiB, such as 64KiB or 32MiB',
    ],
    [
      "server.max_body_bytes",
      "1GiB",
      'is "1GiB", should be a size from 1KiB to 512MiB, such as 64KiB or 32MiB',
    ],
    [
      "server.max_body_bytes",
      "32mib",
      'is "32mib", should be a size from 1KiB to 512MiB, such as 64KiB or 32MiB',
    ],
    ["server.drain_timeout", 25, `is 25, should be a duration from 0s to 24d, ${durations}`],
    ["server.drain_timeout", "25", `is "25", should be a duration from 0s to 24d, ${durations}`],
    ["server.drain_timeout", "25d", `is "25d", should be a duration from 0s to 24d, ${durations}`],
    ["server.trusted_proxies", "10.0.0.0/8", 'is "10.0.0.0/8", should be a list'],
    ["server.cors.origins", {}, "is a map, should be a list"],
    ["tls.mode", "on", 'is "on", should be off, files, dev-ca or acme'],
    ["tls.min_version", 1.2, "is 1.2, should be 1.2 or 1.3"],
    [
      "store.url",
      "mysql://root:hunter2@db/x",
      "is text, should be sqlite:FILE, relative to the data directory, or a postgres:// URL",
    ],
    [
      "store.url",
      "sqlite:",
      "is text, should be sqlite:FILE, relative to the data directory, or a postgres:// URL",
    ],
    [
      "store.url",
      "sqlite:a.db?mode=ro",
      "is text, should be sqlite:FILE, relative to the data directory, or a postgres:// URL",
    ],
    [
      "store.url",
      "sqlite://a.db",
      "is text, should be sqlite:FILE, relative to the data directory, or a postgres:// URL",
    ],
    ["redis.url", "http://x", "is text, should be a redis:// or rediss:// URL"],
    ["auth.enabled", "true", 'is "true", should be true or false'],
    ["auth.enabled", 1, "is 1, should be true or false"],
    ["auth.management_token", 1234567890123456, "is a number, should be text"],
    [
      "auth.management_token_env",
      "NOT A NAME",
      'is "NOT A NAME", should be the name of an environment variable',
    ],
    ["auth.max_stale", null, `is null, should be a duration from 0s to 24d, ${durations}`],
    ["providers", {}, "is a map, should be a list"],
    ["direct_models", "yes", 'is "yes", should be true or false'],
    ["models", "x", 'is "x", should be a list'],
    ["default_model", "a b", 'is "a b", should be the name of a model, without spaces'],
    ["default_model", "", 'is "", should be the name of a model, without spaces'],
    ["limits.global.rpm", 0, `is 0, should be ${wholeNumber(1, 1_000_000_000)}`],
    ["cache.backend", "disk", 'is "disk", should be memory or redis'],
    ["events.bus", "kafka", 'is "kafka", should be in-memory, redis or redis-streams'],
    ["telemetry.log.level", "verbose", 'is "verbose", should be debug, info, warn, error or silent'],
    ["telemetry.metrics.path", "metrics", 'is "metrics", should be a path such as /metrics'],
    ["telemetry.metrics.path", "/ready", 'is "/ready", should be a path such as /metrics'],
    ["telemetry.metrics.path", "/v1/models", 'is "/v1/models", should be a path such as /metrics'],
    ["telemetry.metrics.path", "/", 'is "/", should be a path such as /metrics'],
    ["extensions", [""], 'is "", should be the name of a module'],
    ["features", [], "is a list, should be a map"],
    ["server.host", "x".repeat(300), "is text, should be an IP address or a host name"],
  ])("refuses %s %j", (path, value, message) => {
    const at = path === "extensions" ? "extensions[0]" : path;
    expect(problemsOf(setting(path, value))).toEqual([`${at}: ${message}`]);
  });

  it.each([
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "::1/129",
    "example.com",
    "10.0.0.1/-1",
    "",
  ])("refuses the trusted proxy %j", (block) => {
    expect(problemsOf(setting("server.trusted_proxies", [block]))).toHaveLength(1);
  });

  it.each<[string, JsonObject, string]>([
    ["a provider that is no map", { providers: ["openai"] }, 'providers[0]: is "openai", should be a map'],
    [
      "a missing kind",
      { providers: [{ name: "a" }] },
      "providers[0].kind: is missing, should be openai, anthropic, openai-compatible or echo",
    ],
    [
      "an unknown kind",
      provider({ kind: "opnai" }),
      'providers[0].kind: is "opnai", should be openai, anthropic, openai-compatible or echo',
    ],
    [
      "a missing name",
      { providers: [{ kind: "echo" }] },
      "providers[0].name: is missing, should be a name of letters, digits, `.`, `_` and `-`",
    ],
    [
      "a name with a slash",
      provider({ name: "a/b" }),
      'providers[0].name: is "a/b", should be a name of letters, digits, `.`, `_` and `-`',
    ],
    [
      "a missing base URL",
      provider({ kind: "openai-compatible" }),
      "providers[0].base_url: is missing, should be the base URL including the version path, such as http://127.0.0.1:8000/v1",
    ],
    [
      "a base URL of an echo",
      provider({ kind: "echo", base_url: "x" }),
      "providers[0].base_url: is not a known key, should be one of name, kind, delay_ms, chunk_delay_ms, tokens",
    ],
    [
      "an echo that waits forever",
      provider({ kind: "echo", delay_ms: 1e9 }),
      `providers[0].delay_ms: is 1000000000, should be ${wholeNumber(0, 600_000)}`,
    ],
    [
      "a key that is a number",
      provider({ api_key: 42 }),
      "providers[0].api_key: is a number, should be text",
    ],
    [
      "a header that is a number",
      provider({ headers: { "X-A": 4711 } }),
      "providers[0].headers.X-A: is a number, should be text",
    ],
    [
      "a timeout of zero",
      provider({ timeout: { total: "0s" } }),
      `providers[0].timeout.total: is "0s", should be a duration from 1ms to 24d, ${durations}`,
    ],
    [
      "a misspelled timeout",
      provider({ timeout: { fist_byte: "1s" } }),
      "providers[0].timeout.fist_byte: is not a known key, did you mean first_byte?",
    ],
    [
      "a weight below zero",
      provider({ api_keys: [{ api_key: "k", weight: -1 }] }),
      "providers[0].api_keys[0].weight: is -1, should be a number from 0.001 to 1000",
    ],
    [
      "a model without name",
      { models: [{ targets: [] }] },
      "models[0].name: is missing, should be the name of a model, without spaces",
    ],
    [
      "a model without targets",
      { models: [{ name: "a" }] },
      "models[0].targets: is missing, should be a list",
    ],
    [
      "a target without model",
      model({ targets: [{ provider: "echo" }] }),
      "models[0].targets[0].model: is missing, should be the name of a model, without spaces",
    ],
    [
      "an unknown policy",
      model({ policy: "random" }),
      'models[0].policy: is "random", should be priority, weighted, round-robin, least-latency, least-busy or least-cost',
    ],
    [
      "an unknown cause to retry",
      model({ retry: { on: ["4xx"] } }),
      'models[0].retry.on[0]: is "4xx", should be a status from 400 to 599, 5xx, timeout or connect',
    ],
    [
      "another way to disconnect",
      model({ on_disconnect: "finish" }),
      'models[0].on_disconnect: is "finish", should be cancel',
    ],
    [
      "half a price",
      model({ price: { input_per_million_usd: 1 } }),
      "models[0].price.output_per_million_usd: is missing, should be a number from 0 to 1000000",
    ],
    ["a misspelled section", { servre: {} }, "servre: is not a known key, did you mean server?"],
    [
      "an unknown limit of a subject",
      { limits: { subjects: { "a.b": { rps: 1 } } } },
      'limits.subjects["a.b"].rps: is not a known key, did you mean rpm?',
    ],
  ])("refuses %s", (_, tree, expected) => {
    expect(problemsOf(tree)).toEqual([expected]);
  });

  it("names every known key where none is near", () => {
    expect(problemsOf({ budget: { nonsense: 1 } })).toEqual([
      "budget.nonsense: is not a known key, should be one of assume_output",
    ]);
  });

  it("finds every mistake in every place", () => {
    const problems = problemsOf({
      server: { port: "x", prot: 1, hots: 2 },
      auth: { enabled: 0 },
      ...provider({ kind: "x" }),
      models: [{ name: "a", targets: [{}] }, 5],
      nonsense: true,
    });
    expect(problems.map((problem) => problem.slice(0, problem.indexOf(":")))).toEqual(
      expect.arrayContaining([
        "server.port",
        "server.prot",
        "server.hots",
        "auth.enabled",
        "providers[0].kind",
        "models[0].targets[0].provider",
        "models[0].targets[0].model",
        "models[1]",
        "nonsense",
      ]),
    );
    expect(problems).toHaveLength(9);
  });
});
