/**
 * What only one vendor's API knows, as messages.
 *
 * An opaque part holds what its dialect needs to write the answer back exactly. Most of that says where something
 * stood in the vendor's frames, which is nothing to a client who never sees them.
 *
 * @module
 */

import type { Extra, JsonObject, JsonValue } from "@llmproxy/spec";

/** One dialect's share of an opaque part. */
export interface OpaqueEntry {
  /** The name of the dialect. */
  readonly dialect: string;
  /** What is said; never empty. */
  readonly value: JsonObject;
}

/** Members that say where a part stood. */
const places: ReadonlySet<string> = new Set(["parts", "chunk", "without", "choice", "message", "at"]);

/** What an opaque part says; empty when it only marks a place. */
export function opaqueEntries(extra: Extra): readonly OpaqueEntry[] {
  return Object.entries(extra).flatMap(([dialect, members]) => {
    const said = Object.entries(members ?? {}).filter(
      ([name, value]) => value !== undefined && !places.has(name),
    );
    return said.length === 0 ? [] : [{ dialect, value: Object.fromEntries(said) }];
  });
}

/**
 * The same as a piece of content, in the form in which its dialect takes it back in a conversation: an element of
 * a message's content as it came, a call of a tool that is no function wrapped as `tool_call`.
 */
export function opaqueContent({ value }: OpaqueEntry): JsonValue {
  if (value.item !== undefined) return value.item;
  return value.call === undefined ? value : { tool_call: value.call };
}
