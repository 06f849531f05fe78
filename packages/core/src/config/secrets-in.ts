/**
 * Every secret of a configuration, for whoever has to keep it out of text.
 *
 * @module
 */

import { Secret } from "@llmproxy/spec";

/** The secrets anywhere in a value of plain data. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
}
