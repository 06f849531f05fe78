/**
 * What this dialect keeps beside the shared vocabulary.
 *
 * The rule for everything read here: a member that becomes vocabulary is taken out, every other one (unknown
 * ones, nulls, marks of what may be cached) stays in `extra` under its own name, and writing puts the vocabulary
 * over it. A content block has such an extra even if it is empty: that tells that it was read from this dialect.
 *
 * @module
 */

import type { DialectName, Extra, JsonObject } from "@llmproxy/spec";

/** The name of this dialect. */
export const dialectName = "anthropic-messages" satisfies DialectName;

/** What this dialect kept; undefined for what came from elsewhere. */
export function ownExtra(extra: Extra | undefined): JsonObject | undefined {
  return extra?.[dialectName];
}

/** An `extra` of this dialect. */
export function withOwn(own: JsonObject): { readonly extra: Extra } {
  return { extra: { [dialectName]: own } };
}

/** An `extra` of this dialect, unless there is nothing to keep. */
export function withOwnIfAny(own: JsonObject): { readonly extra?: Extra } {
  for (const _ in own) return withOwn(own);
  return {};
}
