/**
 * Turns text, as environment variables and flags give it, into the value a setting takes.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { type Schema, valueKind } from "../schema/inspect.ts";

const decimalNumber = /^-?\d+(\.\d+)?$/;

/**
 * Reads the text of a scalar. Text that does not fit is returned as it is: the schema then refuses it and says
 * what would be right.
 */
export function scalarOf(text: string, schema: Schema): JsonValue {
  const kind = valueKind(schema);
  if (text === "null") return null;
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (kind === "number" || kind === "number-or-text") return decimalNumber.test(text) ? Number(text) : text;
  return text;
}
