import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { configSchema } from "../schema/config.ts";
import { type Layer, layerOf, locate, mergeLayers } from "./layer.ts";

const file = (tree: JsonObject, lineOf?: Layer["lineOf"]): Layer => ({
  source: "file",
  tree,
  ...(lineOf && { lineOf }),
});
const environment = (tree: JsonObject): Layer => ({
  source: "environment",
  tree,
  variableOf: ([section]) => `VARIABLE_${section}`,
});
const flag = (tree: JsonObject): Layer => ({ source: "flag", tree });

/** What the layers come to. */
function merged(...layers: readonly Layer[]): JsonObject {
  return mergeLayers(layers, configSchema);
}

describe("mergeLayers", () => {
  it("takes each key from the last layer that gives it", () => {
    expect(
      merged(
        file({ server: { host: "a", port: 1, workers: 1 }, default_model: "x" }),
        environment({ server: { port: 2 } }),
        flag({ server: { host: "b" } }),
      ),
    ).toEqual({ server: { host: "b", port: 2, workers: 1 }, default_model: "x" });
  });

  it("replaces lists as a whole", () => {
    expect(
      merged(
        file({ providers: [{ name: "a" }, { name: "b" }] }),
        environment({ providers: [{ name: "c" }] }),
      ),
    ).toEqual({
      providers: [{ name: "c" }],
    });
  });

  it("replaces values of another form", () => {
    expect(merged(file({ server: "x" }), flag({ server: { port: 1 } }))).toEqual({ server: { port: 1 } });
    expect(merged(file({ server: { port: 1 } }), flag({ server: null }))).toEqual({ server: null });
  });

  it("keeps the spellings of a secret apart: the last layer's replaces every other", () => {
    const low = file({ auth: { enabled: true, management_token_file: "token" } });
    expect(merged(low, environment({ auth: { management_token: "abc" } }))).toEqual({
      auth: { enabled: true, management_token: "abc" },
    });
    expect(
      merged(low, environment({ auth: { management_token_env: "T" } }), flag({ auth: { max_stale: "1s" } })),
    ).toEqual({
      auth: { enabled: true, management_token_env: "T", max_stale: "1s" },
    });
  });

  it("keeps two spellings in one layer, for the reader of secrets to refuse", () => {
    expect(merged(file({ auth: { management_token: "a", management_token_env: "T" } }))).toEqual({
      auth: { management_token: "a", management_token_env: "T" },
    });
  });

  it("changes no layer", () => {
    const low = file({ server: { port: 1 } });
    merged(low, flag({ server: { port: 2, host: "x" } }));
    expect(low.tree).toEqual({ server: { port: 1 } });
  });
});

describe("layerOf", () => {
  const layers = [
    file({
      server: { host: "a", port: 1 },
      providers: [{ name: "a", api_key: "k", allow_private: true }],
      auth: { management_token_file: "f" },
    }),
    environment({ server: { port: 2 } }),
    flag({ models: [] }),
  ];

  it.each([
    [["server", "host"], "file"],
    [["server", "port"], "environment"],
    [["server", "workers"], undefined],
    [["providers", 0, "name"], "file"],
    [["providers", 0, "headers"], undefined],
    [["providers", 1, "name"], undefined],
    [["models"], "flag"],
    [["auth", "management_token"], "file"],
    [["auth", "enabled"], undefined],
    [["toString"], undefined],
  ])("of %j is %s", (path, source) => {
    expect(layerOf(path, layers)?.source).toBe(source);
  });

  it("does not find below a list what a lower layer's list had", () => {
    const replaced = [...layers, environment({ providers: [{ name: "b" }] })];
    expect(layerOf(["providers", 0, "name"], replaced)?.source).toBe("environment");
    expect(layerOf(["providers", 0, "allow_private"], replaced)).toBeUndefined();
  });
});

describe("locate", () => {
  const lineOf: Layer["lineOf"] = (path) => (path[0] === "server" ? 3 : undefined);

  it("adds the line of the file", () => {
    expect(
      locate({ path: ["server", "port"], message: "is 0" }, [file({ server: { port: 0 } }, lineOf)]),
    ).toEqual({
      path: "server.port",
      message: "is 0",
      line: 3,
    });
  });

  it("adds the name of the variable, and not the line of what it overrides", () => {
    const layers = [file({ server: { port: 1 } }, lineOf), environment({ server: { port: 0 } })];
    expect(locate({ path: ["server", "port"], message: "is 0" }, layers)).toEqual({
      path: "server.port",
      message: "is 0 (VARIABLE_server)",
    });
  });

  it("looks for what is missing where its surroundings stand", () => {
    expect(
      locate({ path: ["server", "a", "b"], message: "is missing" }, [file({ server: { a: {} } }, lineOf)])
        .line,
    ).toBe(3);
  });

  it("adds nothing for flags", () => {
    expect(locate({ path: ["a"], message: "m" }, [flag({ a: 1 })])).toEqual({ path: "a", message: "m" });
  });

  it("has a name for the whole", () => {
    expect(locate({ path: [], message: "m" }, []).path).toBe("configuration");
  });
});
