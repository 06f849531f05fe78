/**
 * Configuration from flags: the same keys as in the file, already nested.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { childOf, type Schema } from "../schema/inspect.ts";
import { isMap, readTree } from "../tree.ts";
import type { Finding } from "../violation.ts";
import type { Layer } from "./layer.ts";
import { scalarOf } from "./text-value.ts";

/**
 * Settings in the spelling of the configuration file, e.g. `{ server: { port: 9000 } }`. Keys whose value is
 * undefined count as absent. Numbers and booleans may be text, as a command line gives them.
 */
export type ConfigInput = Readonly<Record<string, unknown>>;

/** Reads the settings given by flags. */
export function readFlags(
  flags: ConfigInput,
  schema: Schema,
): { layer: Layer; findings: readonly Finding[] } {
  const { tree, findings } = readTree(flags);
  return { layer: { source: "flag", tree: isMap(tree) ? convertMap(tree, schema) : {} }, findings };
}

function convertMap(map: JsonObject, schema: Schema): JsonObject {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      const child = childOf(schema, key);
      return [key, child && value !== undefined ? convert(value, child) : value];
    }),
  );
}

function convert(value: JsonValue, schema: Schema): JsonValue {
  if (isMap(value)) return convertMap(value, schema);
  return typeof value === "string" ? scalarOf(value, schema) : value;
}
