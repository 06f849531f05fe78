/**
 * The schema an answer must follow, given as text.
 *
 * @module
 */

import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";

/** Far beyond any schema a vendor accepts. */
const maxCharacters = 262_144;

/** Deeper values could not be written again without risking the stack. */
const maxDepth = 64;

/**
 * Reads the text of a JSON object.
 *
 * @throws `invalid_request` (field `response_model_schema`) for anything else, for more than 262,144 characters and
 *   for more than 64 levels
 */
export function readResponseSchema(text: string): JsonObject {
  if (text.length > maxCharacters) throw invalid(`expected at most ${maxCharacters} characters`);
  const value = parse(text);
  if (!isObject(value)) throw invalid("expected the text of a JSON object");
  if (!isWithin(value, maxDepth)) throw invalid(`expected at most ${maxDepth} levels`);
  return value;
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message may quote the text, which is the caller's and not for our log.
    throw invalid("expected valid JSON");
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(value: JsonValue | undefined, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1));
}

function invalid(problem: string): ProxyError {
  return new ProxyError("invalid_request", `response_model_schema: ${problem}`, {
    field: "response_model_schema",
  });
}
