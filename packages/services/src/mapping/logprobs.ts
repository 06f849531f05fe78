/**
 * Token probabilities of a whole answer, put together from those of its pieces.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";

/** What `before` and `more` say together: lists of tokens grow; of anything else the last one counts, null aside. */
export function mergeLogprobs(before: JsonValue | undefined, more: JsonValue): JsonValue {
  if (before === undefined || before === null || more === null) return more ?? before ?? null;
  if (isList(before) && isList(more)) return [...before, ...more];
  if (!isObject(before) || !isObject(more)) return more;
  const merged = Object.entries(more).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [[name, mergeLogprobs(Object.hasOwn(before, name) ? before[name] : undefined, value)] as const],
  );
  return { ...before, ...Object.fromEntries(merged) };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}
