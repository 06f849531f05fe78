import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { initialConfigText } from "../initial-config.ts";
import { loadConfig } from "../load.ts";
import { parseYaml } from "../sources/parse-yaml.ts";
import { isList, isMap, valueAt } from "../tree.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { descriptions } from "./descriptions.ts";

let schema: JsonObject;
let mistakesOf: (value: unknown) => readonly string[];
beforeAll(async () => {
  schema = await configJsonSchema();
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);
  mistakesOf = (value) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
});

/** The example of the documentation, with what this version has. */
const example = `
server:    { host: 127.0.0.1, port: 8080, workers: 1, max_body_bytes: 32MiB, drain_delay: 0s, drain_timeout: 25s, trusted_proxies: [10.0.0.0/8], cors: { origins: ["https://app.example.com", "*"], max_age: 24h } }
tls:       { mode: off, client_auth: none, min_version: "1.2", hsts: { enabled: false, max_age: 365d }, redirect_port: null,
             acme: { domains: [], challenge: tls-alpn-01, http_port: 80 } }
store:     { url: "sqlite:llmproxy.db", retention: { usage: null } }
redis:     { url: null, on_error: local }
auth:      { enabled: true, management_token_file: token, max_stale: 10m,
             issuer: { issuer: llmproxy, audience: llmproxy, algorithm: EdDSA, key_file: issuer.pem, ttl: 1h },
             jwt: [ { issuer: "https://id.example.com", audience: llmproxy, algorithms: [EdDSA, ES256, RS256], jwks_url: "https://id.example.com/jwks", roles_claim: roles, role_map: { admin: admin, write: operator }, project_claim: project } ] }
providers: [ { name: openai, kind: openai, base_url: "https://api.openai.com/v1", api_key_env: OPENAI_API_KEY,
               allow_private: false, headers: { X-Team: blue }, timeout: { connect: 5s, first_byte: 120s, idle: 60s, total: 10m }, max_concurrent: null },
             { name: anthropic, kind: anthropic, api_keys: [ { api_key_env: ANTHROPIC_API_KEY, weight: 1 } ] },
             { name: echo, kind: echo, delay_ms: 1 } ]
direct_models: false
models:    [ { name: fast, aliases: [default], policy: priority, targets: [ { provider: openai, model: gpt-4o-mini, weight: 1 } ], fallbacks: [], cache: { ttl: null }, on_disconnect: cancel } ]
default_model: fast
limits:    { global: { rpm: null, tpm: null }, subjects: {}, adaptive: { enabled: false } }
cache:     { enabled: false, backend: memory, max_bytes: 256MiB, max_entry_bytes: 1MiB, default_ttl: 5m, streams: true }
passthrough: { provider: null, rules: {} }
events:    { bus: in-memory, sinks: [] }
audit:     { enabled: false, file: audit.log, store: true }
telemetry: { log: { level: info, format: auto }, metrics: { enabled: true, path: /metrics }, otlp: { endpoint: null }, capture_content: false }
engines:   []
optimizer: { enabled: false, require_approval: true }
budget:    { assume_output: 4096 }
extensions: []
features:  {}
`;

/** Every property of a schema with its path. */
function* propertiesOf(node: JsonValue | undefined, path = ""): Generator<[string, JsonValue | undefined]> {
  const properties = valueAt(node, "properties");
  for (const [key, child] of Object.entries(isMap(properties) ? properties : {})) {
    const at = path === "" ? key : `${path}.${key}`;
    yield [at, child];
    yield* propertiesOf(child, at);
  }
  yield* valuesBelow(node, path);
}

function* valuesBelow(node: JsonValue | undefined, path: string): Generator<[string, JsonValue | undefined]> {
  const [items, free] = [valueAt(node, "items"), valueAt(node, "additionalProperties")];
  if (isMap(items)) yield* propertiesOf(items, `${path}[]`);
  if (isMap(free)) yield* propertiesOf(free, `${path}.*`);
  for (const options of [valueAt(node, "oneOf"), valueAt(node, "anyOf")])
    if (isList(options)) for (const option of options) yield* propertiesOf(option, path);
}

describe("configJsonSchema", () => {
  it("takes the example of the documentation, as the loader does", async () => {
    const { value, problems } = parseYaml(example);
    expect({ problems, mistakes: mistakesOf(value) }).toEqual({ problems: [], mistakes: [] });
    const readFile = async (path: string) => ({
      bytes: new TextEncoder().encode(path.endsWith("token") ? "a-management-token" : example),
      isTruncated: false,
      mode: 0o600,
    });
    const environment = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" };
    const { redacted } = await loadConfig({ directory: "/srv", file: "a.yaml", environment, readFile });
    expect(mistakesOf(redacted())).toEqual([]);
  });

  it("takes the file of a new installation, with its settings and its examples switched on", () => {
    const settings = initialConfigText().replace(/^#(?![ #]\S|#|$)/gm, "");
    const examples = settings.replace(/^(?:models| {2}jwt): \[\]$/gm, "").replace(/^##/gm, "");
    for (const text of [initialConfigText(), settings, examples])
      expect(mistakesOf(parseYaml(text).value)).toEqual([]);
  });

  it("takes null for not set, also of a section", () => {
    expect(mistakesOf({ server: null, auth: { jwt: null }, default_model: null, features: null })).toEqual(
      [],
    );
  });

  it.each<[string, JsonObject]>([
    ["a key that is mistyped", { server: { prot: 9000 } }],
    ["a section that is mistyped", { servre: {} }],
    ["a duration without unit", { server: { drain_timeout: 25 } }],
    ["a duration with an unknown unit", { server: { drain_timeout: "25 sec" } }],
    ["a size without unit", { server: { max_body_bytes: 1024 } }],
    ["a number that is too large", { server: { port: 70_000 } }],
    ["a number that is text", { server: { port: "8080" } }],
    ["a word that is not among those that are right", { telemetry: { log: { level: "loud" } } }],
    ["what this version lacks", { redis: { url: "redis://localhost" } }],
    ["what this version lacks in a list", { models: [{ name: "a", targets: [], retry: {} }] }],
    ["what this version lacks in a map", { limits: { global: { rpm: 60 } } }],
    ["another store", { store: { url: "postgres://localhost/x" } }],
    ["a kind of provider that is not built", { providers: [{ name: "a", kind: "bedrock" }] }],
    ["a provider without kind", { providers: [{ name: "a" }] }],
    [
      "a key of another kind of provider",
      { providers: [{ name: "a", kind: "echo", base_url: "https://x" }] },
    ],
    ["several keys", { providers: [{ name: "a", kind: "openai", api_keys: [{}, {}] }] }],
    ["a model without targets", { models: [{ name: "a" }] }],
    ["an origin with a path", { server: { cors: { origins: ["https://a.example/x"] } } }],
    [
      "a role nobody may be given",
      { auth: { jwt: [{ issuer: "a", audience: "b", role_map: { x: "root" } }] } },
    ],
  ])("refuses %s", (_, value) => {
    expect(mistakesOf(value)).not.toEqual([]);
  });

  it("knows the other spellings of secrets", () => {
    const provider = { name: "a", kind: "openai" };
    for (const key of ["api_key", "api_key_file", "api_key_env"])
      expect(mistakesOf({ providers: [{ ...provider, [key]: "A" }] })).toEqual([]);
  });

  it("describes every key, each in a sentence", () => {
    const all = [...propertiesOf(schema)];
    expect(all.length).toBeGreaterThan(150);
    for (const [path, property] of all)
      expect(valueAt(property, "description"), path).toMatch(/^[A-Za-z].+\S\.$/);
  });

  it("describes no key that does not exist", () => {
    const known = new Set([...propertiesOf(schema)].map(([path]) => path));
    const hidden =
      /^(?:tls\.acme\.eab\.|models\[\]\.(?:retry|price)\.|limits\.subjects\.\*|passthrough\.rules\.\*|engines\[\])/;
    expect([...descriptions.keys()].filter((path) => !known.has(path) && !hidden.test(path))).toEqual([]);
  });

  it("gives the defaults", () => {
    const properties = new Map(propertiesOf(schema));
    expect(valueAt(properties.get("server.port"), "default")).toBe(8080);
    expect(valueAt(properties.get("telemetry.log.level"), "default")).toBe("info");
    expect(valueAt(properties.get("server"), "default")).toBeUndefined();
  });

  it("lets nothing pass that it does not know", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      additionalProperties: false,
    });
    expect(schema.required).toBeUndefined();
  });
});
