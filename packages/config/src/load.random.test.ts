import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { ConfigError } from "./violation.ts";

/** Whole numbers below a bound, the same ones for the same seed (Park–Miller). */
function numbersFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}

const sound: JsonObject = {
  server: { host: "0.0.0.0", port: 9000, trusted_proxies: ["10.0.0.0/8"], cors: { origins: [] } },
  auth: { management_token: "a-management-token", jwt: [] },
  providers: [
    { name: "echo", kind: "echo", delay_ms: 1 },
    {
      name: "openai",
      kind: "openai",
      api_keys: [{ api_key: "k" }],
      headers: { "X-A": "b" },
      timeout: { total: "1m" },
    },
  ],
  models: [
    { name: "fast", aliases: ["quick"], targets: [{ provider: "openai", model: "m" }], cache: { ttl: null } },
  ],
  default_model: "quick",
  limits: { global: { rpm: null }, subjects: {} },
  telemetry: { log: { level: "info" } },
};

const oddities: readonly JsonValue[] = [
  null,
  true,
  -1,
  0,
  1e300,
  "",
  "x",
  "http://x",
  "sqlite:x",
  "30s",
  "__proto__",
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  { kind: "echo" },
  { kind: "openai", name: 1 },
  "\u0000",
  "a\nb",
  "$".repeat(200),
];

const oddKeys = [
  "x",
  "name",
  "api_key",
  "api_key_file",
  "kind",
  "toString",
  "constructor",
  "__proto__",
  "",
  "0",
  "a.b",
];

/** A copy with one value replaced, removed or added somewhere. */
function mutate(value: JsonValue, below: (bound: number) => number): JsonValue {
  const oddity = oddities[below(oddities.length)] ?? null;
  if (Array.isArray(value) && value.length > 0 && below(5) > 0) {
    const index = below(value.length);
    return value.map((item, position) => (position === index ? mutate(item, below) : item));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && below(6) > 0) {
    const entries = Object.entries(value).map(([key, child]): [string, JsonValue] => [key, child ?? null]);
    const chosen = below(entries.length + 1);
    if (chosen === entries.length)
      return Object.fromEntries([...entries, [oddKeys[below(oddKeys.length)] ?? "x", oddity]]);
    return Object.fromEntries(
      entries.map(([key, child], index) => [key, index === chosen ? mutate(child, below) : child]),
    );
  }
  return oddity;
}

async function outcomeOf(text: string): Promise<LoadedConfig | ConfigError> {
  const readFile = async (path: string) => {
    if (!path.endsWith("llmproxy.json")) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return { bytes: new TextEncoder().encode(text), isTruncated: false, mode: 0o600 };
  };
  try {
    return await loadConfig({ directory: "/srv", environment: {}, readFile });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw new Error(`loading ${text} failed otherwise`, { cause: error });
  }
}

describe("loadConfig with random mistakes", () => {
  it("starts from a sound configuration", async () => {
    expect(await outcomeOf(JSON.stringify(sound))).not.toBeInstanceOf(ConfigError);
  });

  it("ends in a configuration, or in violations that each have a path of their own and a message", async () => {
    const below = numbersFrom(20_261);
    const refusals: ConfigError[] = [];
    for (let round = 0; round < 500; round += 1) {
      const tree = mutate(mutate(mutate(sound, below), below), below);
      const outcome = await outcomeOf(JSON.stringify(tree));
      if (outcome instanceof ConfigError) refusals.push(outcome);
      else expect(outcome.sources.size).toBeGreaterThan(50);
    }
    expect(refusals.length).toBeGreaterThan(300);
    for (const { violations, message } of refusals) {
      expect(
        violations.every((violation) => violation.path !== "" && violation.message !== ""),
        message,
      ).toBe(true);
      expect(new Set(violations.map(({ path }) => path)).size, message).toBe(violations.length);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
