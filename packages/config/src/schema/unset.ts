/**
 * Settings that are there but not set.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { isList, isMap } from "../tree.ts";
import { childOf, type Schema } from "./inspect.ts";

/**
 * Removes settings whose value is `null`, at every depth: `null` means not set, so that the default holds. An
 * empty section whose keys are all commented out is read this way too. Unknown keys stay, to be refused.
 */
export function withoutUnset(map: JsonObject, schema: Schema): JsonObject {
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]): [string, JsonValue | undefined][] => {
      const child = childOf(schema, key);
      if (child === undefined || value === undefined) return [[key, value]];
      return value === null ? [] : [[key, withoutUnsetIn(value, child)]];
    }),
  );
}

function withoutUnsetIn(value: JsonValue, schema: Schema): JsonValue {
  if (isMap(value)) return withoutUnset(value, schema);
  const element = childOf(schema, 0);
  return isList(value) && element ? value.map((item) => withoutUnsetIn(item, element)) : value;
}
