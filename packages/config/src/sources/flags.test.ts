import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { configSchema } from "../schema/config.ts";
import { readFlags } from "./flags.ts";

describe("readFlags", () => {
  it("converts text to the type of the setting and leaves the rest", () => {
    const { layer, findings } = readFlags(
      {
        server: { port: "9000", host: "0.0.0.0", workers: 2 },
        auth: { enabled: "false" },
        default_model: "7",
      },
      configSchema,
    );
    expect(findings).toEqual([]);
    expect(layer).toEqual({
      source: "flag",
      tree: {
        server: { port: 9000, host: "0.0.0.0", workers: 2 },
        auth: { enabled: false },
        default_model: "7",
      },
    });
  });

  it("takes a key that is undefined for absent", () => {
    expect(readFlags({ server: { port: undefined, host: "a" } }, configSchema).layer.tree).toEqual({
      server: { host: "a" },
    });
  });

  it("keeps what it does not know, for the schema to refuse", () => {
    expect(readFlags({ sever: { port: "1" } }, configSchema).layer.tree).toEqual({ sever: { port: "1" } });
  });

  it("refuses keys that could reach a prototype", () => {
    const flags: JsonObject = JSON.parse('{"server": {"__proto__": {"polluted": true}}}');
    const { layer, findings } = readFlags(flags, configSchema);
    expect(layer.tree).toEqual({ server: {} });
    expect(findings.map(({ path }) => path)).toEqual([["server", "__proto__"]]);
    expect("polluted" in {}).toBe(false);
  });
});
