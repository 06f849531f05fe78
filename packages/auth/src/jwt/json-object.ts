/**
 * Reads JSON that came from a token, a key set or a key file.
 *
 * Whoever calls bounds the length first, and thereby depth and number of members: V8 parses without recursion.
 * Where a name is given twice the last one counts, and each text is parsed once, so nobody sees another value.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

/** The object a text holds; undefined when it is not JSON or not an object. */
export function readJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller knows what that means.
    return undefined;
  }
}

/** Whether a JSON value is an object, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
