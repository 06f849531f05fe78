import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { checkForm } from "./check.ts";
import { configSchema } from "./config.ts";
import { schemaAt } from "./inspect.ts";
import { checkSupport, unsupported } from "./unsupported.ts";

/** What is refused, as `path: message`. */
function refusals(tree: JsonValue): readonly string[] {
  return checkSupport(tree).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

const provider = { name: "a", kind: "openai" };
const model = { name: "a", targets: [{ provider: "a", model: "m" }] };

const refused: readonly (readonly [path: string, tree: JsonObject])[] = [
  ["server.workers", { server: { workers: 4 } }],
  ["tls.mode", { tls: { mode: "acme" } }],
  ["tls.cert_file", { tls: { cert_file: "a.pem" } }],
  ["tls.client_auth", { tls: { client_auth: "require" } }],
  ["tls.min_version", { tls: { min_version: "1.3" } }],
  ["tls.hsts.enabled", { tls: { hsts: { enabled: true } } }],
  ["tls.redirect_port", { tls: { redirect_port: 80 } }],
  ["tls.acme.email", { tls: { acme: { email: "a@example.com" } } }],
  ["tls.acme.domains", { tls: { acme: { domains: ["example.com"] } } }],
  ["tls.acme.eab", { tls: { acme: { eab: { kid: "x" } } } }],
  ["store.url", { store: { url: "postgres://localhost/llmproxy" } }],
  ["store.retention.usage", { store: { retention: { usage: "90d" } } }],
  ["redis.url", { redis: { url: "redis://localhost" } }],
  ["redis.on_error", { redis: { on_error: "deny" } }],
  ["providers[0].kind", { providers: [{ ...provider, kind: "bedrock" }] }],
  ["providers[0].api_keys", { providers: [{ ...provider, api_keys: [{ api_key: "k" }, { api_key: "l" }] }] }],
  ["providers[0].max_concurrent", { providers: [{ ...provider, max_concurrent: 8 }] }],
  ["models[0].policy", { models: [{ ...model, policy: "weighted" }] }],
  [
    "models[0].targets[0].weight",
    { models: [{ ...model, targets: [{ provider: "a", model: "m", weight: 2 }] }] },
  ],
  ["models[0].fallbacks", { models: [{ ...model, fallbacks: ["b"] }] }],
  ["models[0].retry", { models: [{ ...model, retry: { attempts: 2 } }] }],
  ["models[0].cache.ttl", { models: [{ ...model, cache: { ttl: "5m" } }] }],
  [
    "models[0].price",
    { models: [{ ...model, price: { input_per_million_usd: 1, output_per_million_usd: 2 } }] },
  ],
  ["limits.global.rpm", { limits: { global: { rpm: 60 } } }],
  ["limits.global.concurrency", { limits: { global: { concurrency: 2 } } }],
  ["limits.per_key.tpm", { limits: { per_key: { tpm: 60 } } }],
  ["limits.subjects", { limits: { subjects: { a: { rpm: 1 } } } }],
  ["limits.adaptive.enabled", { limits: { adaptive: { enabled: true } } }],
  ["cache.enabled", { cache: { enabled: true } }],
  ["cache.max_bytes", { cache: { max_bytes: "1GiB" } }],
  ["passthrough.provider", { passthrough: { provider: "a" } }],
  ["passthrough.rules", { passthrough: { rules: { a: {} } } }],
  ["events.bus", { events: { bus: "redis" } }],
  ["events.sinks", { events: { sinks: [{ kind: "file", path: "x" }] } }],
  ["audit.enabled", { audit: { enabled: true } }],
  ["audit.file", { audit: { file: "other.log" } }],
  ["telemetry.otlp.endpoint", { telemetry: { otlp: { endpoint: "http://127.0.0.1:4318" } } }],
  ["telemetry.capture_content", { telemetry: { capture_content: true } }],
  ["engines", { engines: [{ id: "a", path: "b" }] }],
  ["optimizer.enabled", { optimizer: { enabled: true } }],
  ["optimizer.require_approval", { optimizer: { require_approval: false } }],
  ["budget.assume_output", { budget: { assume_output: 100 } }],
  ["extensions", { extensions: ["./stage.js"] }],
  ["features", { features: { x: true } }],
];

describe("checkSupport", () => {
  it.each(refused)("refuses %s by its own path", (path, tree) => {
    expect(refusals(tree)).toEqual([expect.stringMatching(/: not supported by this version, /)]);
    expect(refusals(tree)[0]?.startsWith(`${path}: `)).toBe(true);
  });

  it.each(refused)("refuses %s for nothing but its value: the form is right", (_, tree) => {
    expect(checkForm(tree).findings).toBeUndefined();
  });

  it.each([
    [{ redis: { url: "redis://x" } }, "redis.url: not supported by this version, leave it out"],
    [{ cache: { enabled: true } }, "cache.enabled: not supported by this version, leave it out or use false"],
    [{ tls: { mode: "files" } }, 'tls.mode: not supported by this version, leave it out or use "off"'],
    [
      { providers: [{ kind: "bedrock" }] },
      "providers[0].kind: not supported by this version, use openai, anthropic, openai-compatible or echo",
    ],
    [
      { store: { url: "postgresql://x" } },
      "store.url: not supported by this version, use sqlite:FILE, relative to the data directory",
    ],
  ])("says what would be right: %j", (tree, expected) => {
    expect(refusals(tree)).toEqual([expected]);
  });

  it("never shows a refused value that may hold a secret", () => {
    const tree = { redis: { url: "redis://:hunter2@x" }, store: { url: "postgres://u:hunter2@x/y" } };
    expect(refusals(tree)).toHaveLength(2);
    expect(refusals(tree).join()).not.toContain("hunter2");
  });

  it("takes the defaults of this version", () => {
    const { input } = checkForm({ providers: [provider], models: [model] });
    expect(input && refusals(JSON.parse(JSON.stringify(input, (_, value) => value ?? undefined)))).toEqual(
      [],
    );
  });

  it.each<[string, JsonValue]>([
    [
      "what is off",
      {
        tls: { mode: "off" },
        cache: { enabled: false },
        audit: { enabled: false },
        optimizer: { enabled: false },
      },
    ],
    ["one worker", { server: { workers: 1 } }],
    ["an empty list", { engines: [], extensions: [], events: { sinks: [] } }],
    ["an empty map", { features: {}, limits: { subjects: {} }, passthrough: { rules: {} } }],
    [
      "defaults that ask for nothing",
      { cache: { max_bytes: "256MiB", streams: true }, budget: { assume_output: 4096 } },
    ],
    ["one key", { providers: [{ ...provider, api_keys: [{ api_key: "k", weight: 3 }] }] }],
    ["weight one", { models: [{ ...model, targets: [{ provider: "a", model: "m", weight: 1 }] }] }],
    [
      "values of the wrong form, which the schema refuses",
      { providers: "x", limits: { global: [1] }, models: { a: 1 } },
    ],
  ])("takes %s", (_, tree) => {
    expect(refusals(tree)).toEqual([]);
  });
});

describe("unsupported", () => {
  it("names settings that exist, each once", () => {
    for (const { path } of unsupported) {
      const segments = path
        .replaceAll("[]", ".0")
        .split(".")
        .map((key) => (key === "0" ? 0 : key === "*" ? "rpm" : key));
      const inRetention = segments.includes("retention")
        ? segments.map((key) => (key === "rpm" ? "usage" : key))
        : segments;
      expect(schemaAt(configSchema, inRetention), path).toBeDefined();
    }
    expect(new Set(unsupported.map(({ path }) => path)).size).toBe(unsupported.length);
  });
});
