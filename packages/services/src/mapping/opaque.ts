/**
 * What only one vendor's API knows, as messages.
 *
 * The `extra` of a part holds what its dialect needs to write the answer back exactly. Most of that says where
 * something stood in the vendor's frames, which is nothing to a client who never sees them; only what has no words
 * in the vocabulary is told.
 *
 * @module
 */

import type { DialectName, Extra, JsonObject, JsonValue, Part } from "@llmproxy/spec";

/** What one dialect says that the vocabulary has no words for. */
export interface OpaqueEntry {
  /** The name of the dialect. */
  readonly dialect: string;
  /** What is said, in the dialect's members. */
  readonly said: JsonObject;
  /** The same in the form in which the dialect takes it back in a conversation; absent for a fragment. */
  readonly content?: JsonValue;
}

type Read = (own: JsonObject) => Omit<OpaqueEntry, "dialect"> | undefined;

/** How what a dialect keeps with a part is read; undefined where that only marks a place. */
const readers: Readonly<Record<DialectName, Read>> = {
  "openai-chat": ({ item, call, at }) => {
    if (item !== undefined) return { said: { item }, content: item };
    if (call === undefined) return undefined;
    // A call that has a place among others is whole; one of a stream comes in fragments.
    return { said: { call }, ...(at !== undefined && { content: { tool_call: call } }) };
  },
  "anthropic-messages": ({ start, delta }) => {
    const type = isObject(start) ? start.type : undefined;
    if (start !== undefined && typeof type === "string" && !spoken.has(type))
      return { said: { start }, content: start };
    return isObject(delta) ? { said: { delta } } : undefined;
  },
};

/** Blocks whose content comes in parts of the vocabulary. */
const spoken: ReadonlySet<string> = new Set(["text", "thinking", "tool_use"]);

/** What a part says that the vocabulary has no words for; mostly nothing. */
export function opaqueEntries(part: Part): readonly OpaqueEntry[] {
  if (part.type === "opaque") return readExtra(part.extra);
  // A thought that only its vendor can read: it has no text, and goes back as it came.
  const isHidden = part.type === "reasoning-delta" && part.text === "" && part.signature === undefined;
  return isHidden && part.extra ? readExtra(part.extra) : [];
}

function readExtra(extra: Extra): readonly OpaqueEntry[] {
  return Object.entries(extra).flatMap(([dialect, own]) => {
    const entry = own && isDialect(dialect) ? readers[dialect](own) : undefined;
    return entry ? [{ dialect, ...entry }] : [];
  });
}

function isDialect(name: string): name is DialectName {
  return Object.hasOwn(readers, name);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
