import { describe, expect, it } from "vitest";
import type { Path } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import { schemaAt } from "../schema/inspect.ts";
import { scalarOf } from "./text-value.ts";

function read(text: string, path: Path): unknown {
  const schema = schemaAt(configSchema, path);
  return schema && scalarOf(text, schema);
}

const port = ["server", "port"];
const enabled = ["auth", "enabled"];
const host = ["server", "host"];
const gpuLayers = ["engines", 0, "gpu_layers"];

describe("scalarOf", () => {
  it.each<[string, Path, unknown]>([
    ["9000", port, 9000],
    ["-1", port, -1],
    ["1.5", port, 1.5],
    ["true", enabled, true],
    ["false", enabled, false],
    ["9000", host, "9000"],
    ["true", host, "true"],
    ["30s", ["server", "drain_timeout"], "30s"],
    ["3", gpuLayers, 3],
    ["auto", gpuLayers, "auto"],
    ["null", port, null],
    ["null", ["default_model"], null],
  ])("reads %j at %j as %j", (text, path, expected) => {
    expect(read(text, path)).toBe(expected);
  });

  it.each<[string, Path]>([
    ["", port],
    [" 9000", port],
    ["0x10", port],
    ["1e3", port],
    ["9,000", port],
    ["Infinity", port],
    ["NaN", port],
    ["yes", enabled],
    ["1", enabled],
    ["TRUE", enabled],
    ["", enabled],
  ])("leaves %j at %j to the schema to refuse", (text, path) => {
    expect(read(text, path)).toBe(text);
  });
});
