/**
 * What to do where one dialect has no words for what another says: refuse it where it would change the answer,
 * naming the member; leave it out where it would not.
 *
 * @module
 */

import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import { unlessEmpty } from "../json/value.ts";

/** Something in a request that only its own dialect can say. */
export interface Untranslatable {
  /** Its path in the shared vocabulary, e.g. `messages[2].extra.openai-chat.prefix`. */
  readonly field: string;
  /** What it is, to follow "has no words for". */
  readonly what: string;
}

/**
 * The failure where a dialect has no words for something.
 *
 * @param field - its path in the shared vocabulary
 * @param what - to follow "has no words for"
 */
export function cannotSay(field: string, what: string): ProxyError {
  return new ProxyError("invalid_request", `${field}: the format of this provider has no words for ${what}`, {
    field,
  });
}

/** Whether a member says as much as its absence: null, false, an empty text, list or object. */
export function saysNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (typeof value !== "object") return false;
  return Array.isArray(value) ? value.length === 0 : !unlessEmpty(value as JsonObject);
}

/**
 * The first member of an `extra` that says something and must not be left out.
 *
 * @param own - the `extra` of one dialect
 * @param path - of the `extra` itself, e.g. `extra.openai-chat`
 * @param isDispensable - whether a member may be left out
 */
export function findMember(
  own: JsonObject | undefined,
  path: string,
  isDispensable: (name: string, value: JsonValue | undefined) => boolean,
): Untranslatable | undefined {
  const name = Object.keys(own ?? {}).find(
    (candidate) => !saysNothing(own?.[candidate]) && !isDispensable(candidate, own?.[candidate]),
  );
  return name === undefined ? undefined : { field: `${path}.${name}`, what: "this member" };
}
