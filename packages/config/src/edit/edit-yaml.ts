/**
 * Changes one setting in a YAML text and nothing else.
 *
 * Where it can, it replaces or inserts characters, so that comments, blank lines and alignment stay as they are.
 * Where that would not do, the syntax tree is written anew, which keeps comments but not every space. Each result
 * is read back before it is taken: what a text means is never guessed.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  stringify,
  type YAMLMap,
} from "yaml";
import type { Path } from "../path.ts";
import { parseYaml } from "../sources/parse-yaml.ts";

/** A text with one setting changed. */
interface Edit {
  /** The text as it is. */
  readonly text: string;
  /** Its syntax tree; changed by the edit that writes it anew. */
  readonly document: Document;
  /** The setting. */
  readonly path: Path;
  /** Its new value. */
  readonly value: JsonValue;
}

/** The collection that a path leads into, and how far. */
interface Place {
  readonly node: Node | undefined;
  readonly rest: Path;
}

const folding = { lineWidth: 0 };

/**
 * Changes a setting.
 *
 * @param expected - what the text should mean afterwards
 * @returns undefined when the text cannot be changed to mean that, as where an alias gives the value
 */
export function editYaml(
  text: string,
  path: Path,
  value: JsonValue,
  expected: JsonObject,
): string | undefined {
  const document = parseDocument(text, { stringKeys: true, uniqueKeys: false, version: "1.2" });
  const edit = { text, document, path, value };
  return [replaceText, fillText, insertText, rewrite]
    .map((change) => change(edit))
    .find((changed) => changed !== undefined && means(changed, expected));
}

function means(text: string, expected: JsonObject): boolean {
  const { value, problems } = parseYaml(text);
  return problems.length === 0 && isDeepStrictEqual(value, expected);
}

/** Puts the new value in place of the old one. */
function replaceText({ text, document, path, value }: Edit): string | undefined {
  const node = document.getIn(path, true);
  if (!isNode(node) || !node.range || "anchor" in node || node.tag !== undefined) return undefined;
  const isFlow = isScalar(node)
    ? node.type !== "BLOCK_FOLDED" && node.type !== "BLOCK_LITERAL"
    : isFlowNode(node);
  const [start, end] = node.range;
  return isFlow && end > start ? text.slice(0, start) + flowText(value) + text.slice(end) : undefined;
}

/** Gives a value to a key that has none. */
function fillText({ text, document, path, value }: Edit): string | undefined {
  const { node, rest } = placeOf(document, path);
  const [key, ...below] = rest;
  const pair = isMap(node) && !node.flow ? node.items.find((item) => keyOf(item) === key) : undefined;
  if (!isMap(node) || pair === undefined || !isScalar(pair.value) || !pair.value.range) return undefined;
  const [start, end] = pair.value.range;
  if (end > start) return undefined;
  if (below.length === 0) return `${text.slice(0, start)} ${flowText(value)}${text.slice(start)}`;
  return withLines(text, endOfLine(text, start), `${indentOf(text, node)}  `, nestBelow(below, value));
}

/** Adds a key after the last one of the map it belongs to. */
function insertText({ text, document, path, value }: Edit): string | undefined {
  const { node, rest } = placeOf(document, path);
  const [key, ...below] = rest;
  if (typeof key !== "string" || below.some((segment) => typeof segment === "number")) return undefined;
  const added = nest(rest, value);
  if (node === undefined) return document.contents === null ? appended(text, added) : undefined;
  const end = isMap(node) ? lastEnd(node) : undefined;
  if (!isMap(node) || end === undefined) return undefined;
  if (node.flow) return `${text.slice(0, end)}, ${flowText(added).slice(2, -2)}${text.slice(end)}`;
  const lineEnd = endOfLine(text, text.slice(0, end).trimEnd().length);
  return withLines(text, lineEnd, indentOf(text, node), added);
}

/** Puts the lines of a value behind the end of a line. */
function withLines(text: string, lineEnd: number, indent: string, value: JsonValue): string {
  const lines = stringify(value, folding).trimEnd().replaceAll("\n", `\n${indent}`);
  const rest = text.slice(lineEnd) || "\n";
  return `${text.slice(0, lineEnd)}\n${indent}${lines}${rest}`;
}

/** Changes the syntax tree and writes all of it. */
function rewrite({ document, path, value }: Edit): string | undefined {
  const { node, rest } = placeOf(document, path);
  if (rest.some((segment, index) => index > 0 && typeof segment === "number")) return undefined;
  if (node !== undefined && !isCollection(node)) return undefined;
  const at = path.slice(0, path.length - rest.length + 1);
  const replaced = document.getIn(at, true);
  const created = document.createNode(nestBelow(rest.slice(1), value));
  if (isNode(replaced)) {
    created.comment = replaced.comment ?? null;
    created.commentBefore = replaced.commentBefore ?? null;
  }
  document.setIn(at, created);
  return document.toString(folding);
}

/** Follows a path as far as there are collections; a key without value counts as missing. */
function placeOf(document: Document, path: Path): Place {
  let node: Node | undefined = document.contents ?? undefined;
  for (const [index, segment] of path.entries()) {
    if (!isMap(node) && !isSeq(node)) return { node, rest: path.slice(index) };
    const child: unknown = node.get(segment, true);
    if (!isCollection(child)) return { node, rest: path.slice(index) };
    node = child;
  }
  return { node, rest: [] };
}

function keyOf({ key }: { readonly key: unknown }): unknown {
  return isScalar(key) ? key.value : key;
}

function isFlowNode(node: Node): boolean {
  return isCollection(node) && node.flow === true;
}

/** On one line, safe inside of other flow collections. */
function flowText(value: JsonValue): string {
  const [text = ""] = [stringify([value], { ...folding, collectionStyle: "flow" }).trim()];
  return text.slice(1, -1).trim();
}

function appended(text: string, added: JsonObject): string {
  const isLineOpen = text !== "" && !text.endsWith("\n");
  return `${text}${isLineOpen ? "\n" : ""}${stringify(added, folding)}`;
}

function lastEnd(map: YAMLMap): number | undefined {
  const last = map.items.at(-1);
  const node = last?.value ?? last?.key;
  return isNode(node) ? node.range?.[1] : undefined;
}

/** What stands before the keys of a block map on their lines. */
function indentOf(text: string, map: YAMLMap): string {
  const [first] = map.items;
  const start = (isNode(first?.key) && first.key.range?.[0]) || 0;
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return " ".repeat(line.length);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function nest(path: Path, value: JsonValue): JsonObject {
  const [key = "", ...rest] = path;
  return { [key]: nestBelow(rest, value) };
}

function nestBelow(path: Path, value: JsonValue): JsonValue {
  return path.length === 0 ? value : nest(path, value);
}
