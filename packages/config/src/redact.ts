/**
 * The configuration as it may be shown.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import type { Path } from "./path.ts";
import {
  childOf,
  isHidden,
  isHiddenAt,
  type Schema,
  schemaAt,
  secretNames,
  secretSpellings,
} from "./schema/inspect.ts";
import { isList, isMap } from "./tree.ts";

/** What is shown instead of a secret. */
export const hidden = "[secret]";

/** Copies a map; secrets, in whichever spelling they were given, become `x: "[secret]"`. */
export function redactMap(map: JsonObject, schema: Schema): JsonObject {
  const secrets = new Set(secretNames(schema));
  const spellingOf = new Map(
    [...secrets].flatMap((name) => secretSpellings.map((ending) => [name + ending, name] as const)),
  );
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]): [string, JsonValue][] => {
      if (value === undefined) return [];
      const secret = spellingOf.get(key);
      if (secret !== undefined) return [[secret, hidden]];
      const child = childOf(schema, key);
      return [[key, child ? redactValue(value, child) : value]];
    }),
  );
}

/** Copies the value of the setting at a path; what is secret in it becomes `[secret]`. */
export function redactAt(value: JsonValue, path: Path, schema: Schema): JsonValue {
  if (isHiddenAt(schema, path)) return hidden;
  const setting = schemaAt(schema, path);
  return setting ? redactValue(value, setting) : value;
}

/** The paths of everything in a map that is not a map or list with content. */
export function leafPaths(value: JsonValue | undefined, path: Path = []): readonly Path[] {
  if (isList(value) && value.length > 0)
    return value.flatMap((item, index) => leafPaths(item, [...path, index]));
  if (isMap(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, child]) => leafPaths(child, [...path, key]));
  return [path];
}

function redactValue(value: JsonValue, schema: Schema): JsonValue {
  if (isHidden(schema)) return hidden;
  if (isMap(value)) return redactMap(value, schema);
  const element = childOf(schema, 0);
  return isList(value) && element ? value.map((item) => redactValue(item, element)) : value;
}
