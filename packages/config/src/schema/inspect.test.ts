import type { JsonValue } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { configSchema } from "./config.ts";
import { childOf, isHidden, keysOf, schemaAt, secretNames, secretSlots, valueKind } from "./inspect.ts";

/** The schema of a setting that is known to exist. */
function settingAt(...path: (string | number)[]) {
  const schema = schemaAt(configSchema, path);
  if (!schema) throw new Error(`no setting at ${formatPath(path)}`);
  return schema;
}

describe("keysOf", () => {
  it("knows every section of the configuration", () => {
    expect(keysOf(configSchema)).toEqual([
      "server",
      "tls",
      "store",
      "redis",
      "auth",
      "providers",
      "direct_models",
      "models",
      "default_model",
      "limits",
      "cache",
      "passthrough",
      "events",
      "audit",
      "telemetry",
      "engines",
      "optimizer",
      "budget",
      "extensions",
      "features",
    ]);
  });

  it("gives the keys of a provider by its kind", () => {
    const provider = settingAt("providers", 0);
    expect(keysOf(provider, { kind: "echo" })).toEqual([
      "name",
      "kind",
      "delay_ms",
      "chunk_delay_ms",
      "tokens",
    ]);
    expect(keysOf(provider, { kind: "openai" })).toContain("base_url");
    expect(keysOf(provider, { kind: "openai" })).not.toContain("tokens");
    expect(keysOf(provider, { kind: "nonsense" })).toEqual(expect.arrayContaining(["tokens", "base_url"]));
    expect(keysOf(provider)).toEqual(expect.arrayContaining(["tokens", "base_url"]));
  });

  it("gives none for lists, maps with free keys and scalars", () => {
    expect(keysOf(settingAt("models"))).toEqual([]);
    expect(keysOf(settingAt("features"))).toEqual([]);
    expect(keysOf(settingAt("server", "port"))).toEqual([]);
  });
});

describe("childOf", () => {
  it("finds nothing that is not a key", () => {
    expect(childOf(configSchema, "nonsense")).toBeUndefined();
    expect(childOf(configSchema, "toString")).toBeUndefined();
    expect(childOf(settingAt("server", "port"), "x")).toBeUndefined();
  });

  it("finds the values of maps with free keys under any key", () => {
    expect(schemaAt(configSchema, ["limits", "subjects", "anybody", "rpm"])).toBeDefined();
  });
});

describe("valueKind", () => {
  it.each([
    [["server", "port"], "number"],
    [["server", "host"], "text"],
    [["server", "drain_timeout"], "text"],
    [["server", "max_body_bytes"], "text"],
    [["server", "trusted_proxies"], "json"],
    [["server", "cors"], "json"],
    [["auth", "enabled"], "boolean"],
    [["auth", "management_token"], "text"],
    [["direct_models"], "boolean"],
    [["default_model"], "text"],
    [["providers"], "json"],
    [["providers", 0], "json"],
    [["limits", "global", "rpm"], "number"],
    [["limits", "subjects"], "json"],
    [["engines", 0, "gpu_layers"], "number-or-text"],
    [["telemetry", "log", "level"], "text"],
  ])("of %j is %s", (path, kind) => {
    expect(valueKind(settingAt(...path))).toBe(kind);
  });
});

describe("secrets in the schema", () => {
  it.each([
    [["auth"], ["management_token"]],
    [["auth", "jwt", 0], ["secret"]],
    [["providers", 0], ["api_key"]],
    [["providers", 0, "api_keys", 0], ["api_key"]],
    [["tls", "acme", "eab"], ["hmac_key"]],
    [["server"], []],
  ])("%j holds %j", (path, names) => {
    expect(secretNames(settingAt(...path))).toEqual(names);
  });

  it("have all three spellings", () => {
    for (const path of [
      ["auth"],
      ["auth", "jwt", 0],
      ["providers", 0],
      ["providers", 0, "api_keys", 0],
      ["tls", "acme", "eab"],
    ])
      for (const name of secretNames(settingAt(...path)))
        expect(keysOf(settingAt(...path))).toEqual(
          expect.arrayContaining([name, `${name}_file`, `${name}_env`]),
        );
  });

  it("are hidden, and so are header values", () => {
    expect(isHidden(settingAt("auth", "management_token"))).toBe(true);
    expect(isHidden(settingAt("providers", 0, "headers", "X-Any"))).toBe(true);
    expect(isHidden(settingAt("auth", "management_token_file"))).toBe(false);
    expect(isHidden(settingAt("server", "host"))).toBe(false);
  });
});

describe("secretSlots", () => {
  it("finds secrets in whichever spelling, in maps and lists", () => {
    const tree: JsonValue = {
      auth: { management_token_file: "f", jwt: [{ secret_env: "S" }] },
      providers: [{ name: "a" }, { api_key: "k", api_keys: [{ weight: 1 }, { api_key_env: "K" }] }],
      server: { port: 1 },
    };
    expect(secretSlots(configSchema, tree).map(({ parent, name }) => formatPath([...parent, name]))).toEqual([
      "auth.management_token",
      "auth.jwt[0].secret",
      "providers[1].api_key",
      "providers[1].api_keys[1].api_key",
    ]);
  });

  it.each<[JsonValue | undefined]>([
    [undefined],
    [null],
    ["x"],
    [{ providers: "x", auth: ["x"], nonsense: { api_key: "k" } }],
  ])("finds none in %j", (tree) => {
    expect(secretSlots(configSchema, tree)).toEqual([]);
  });
});
