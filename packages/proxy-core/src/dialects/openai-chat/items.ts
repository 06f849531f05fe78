/**
 * Answers whose `content` is an array of elements, as Mistral's reasoning models write them.
 *
 * @module
 */

import type { JsonValue, Part } from "@llmproxy/spec";
import { isArray, isObject } from "../../json/value.ts";
import { withOwn } from "./extra.ts";

/** Reads one element; it is kept whole, as only it tells its form. */
export function readItem(item: JsonValue, choice: number): Part {
  const text = itemText(item);
  if (text === undefined) return { type: "opaque", choice, ...withOwn({ item }) };
  const type = isThinking(item) ? "reasoning-delta" : "text-delta";
  return { type, choice, text, ...withOwn({ item }) };
}

/** Writes an element: as it came unless its text has been changed. */
export function writeItem(item: JsonValue, text: string | undefined): JsonValue {
  if (text === undefined || itemText(item) === text) return item;
  if (!isObject(item)) return text;
  return isThinking(item) ? { ...item, thinking: [{ type: "text", text }] } : { ...item, text };
}

function isThinking(item: JsonValue): boolean {
  return isObject(item) && item.type === "thinking";
}

/** The text of an element; undefined for one that is not text. */
function itemText(item: JsonValue | undefined): string | undefined {
  if (typeof item === "string") return item;
  if (!isObject(item)) return undefined;
  if (!isThinking(item)) return item.type === "text" && typeof item.text === "string" ? item.text : undefined;
  const { thinking } = item;
  if (!isArray(thinking)) return typeof thinking === "string" ? thinking : undefined;
  return thinking.map((piece) => itemText(piece) ?? "").join("");
}
