/**
 * Puts together what the chunks of a stream say bit by bit, for members the shared vocabulary does not have.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { isArray, isObject } from "../../json/value.ts";

/** Texts that come in pieces; of any other text the last one counts. */
const growing = new Set(["arguments", "data", "input", "transcript"]);

/** What `before` says with what `more` adds: arrays grow, objects are folded, null adds nothing. */
export function fold(before: JsonObject, more: JsonObject): JsonObject {
  const added = Object.entries(more).map(([name, value]): [string, JsonValue | undefined] => [
    name,
    foldValue(name, Object.hasOwn(before, name) ? before[name] : undefined, value),
  ]);
  return { ...before, ...Object.fromEntries(added) };
}

function foldValue(
  name: string,
  before: JsonValue | undefined,
  more: JsonValue | undefined,
): JsonValue | undefined {
  if (more === null || more === undefined) return before ?? more;
  if (isArray(before) && isArray(more)) return [...before, ...more];
  if (isObject(before) && isObject(more)) return fold(before, more);
  return typeof before === "string" && typeof more === "string" && growing.has(name) ? before + more : more;
}
