/**
 * Takes one setting out of a YAML text and nothing else.
 *
 * Where the setting has lines of its own, these go, and every other character stays. Elsewhere the syntax tree is
 * written anew, which keeps comments but not every space. Each result is read back before it is taken.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@llmproxy/spec";
import { type Document, isCollection, isMap, isNode, isPair, isScalar, parseDocument } from "yaml";
import type { Path } from "../path.ts";
import { parseYaml } from "../sources/parse-yaml.ts";

/**
 * Takes a setting out.
 *
 * @param expected - what the text should mean afterwards
 * @returns undefined when the text cannot be changed to mean that, as where an alias gives the value
 */
export function removeFromYaml(text: string, path: Path, expected: JsonObject): string | undefined {
  const document = parseDocument(text, { stringKeys: true, uniqueKeys: false, version: "1.2" });
  return [removeLines, rewrite]
    .map((change) => change(text, document, path))
    .find((changed) => changed !== undefined && means(changed, expected));
}

function means(text: string, expected: JsonObject): boolean {
  const { value, problems } = parseYaml(text);
  return problems.length === 0 && isDeepStrictEqual(value, expected);
}

/** Cuts the lines from the key to the end of its value. */
function removeLines(text: string, document: Document, path: Path): string | undefined {
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(map) || map.flow) return undefined;
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  if (pair === undefined || start === undefined) return undefined;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  // An entry of a list has its dash on the line of its first key.
  if (text.slice(lineStart, start).trim() !== "") return undefined;
  const end = Math.max(lastCharacter(pair), start);
  const lineEnd = text.indexOf("\n", text.slice(0, end).trimEnd().length);
  return text.slice(0, lineStart) + (lineEnd === -1 ? "" : text.slice(lineEnd + 1));
}

/** Where a value ends, without the comments below it. */
function lastCharacter(node: unknown): number {
  if (isPair(node)) return Math.max(lastCharacter(node.key), lastCharacter(node.value));
  if (isCollection(node) && !node.flow && node.items.length > 0) return lastCharacter(node.items.at(-1));
  return (isNode(node) && node.range?.[1]) || 0;
}

/** Changes the syntax tree and writes all of it. */
function rewrite(_text: string, document: Document, path: Path): string | undefined {
  try {
    document.deleteIn(path);
    return document.toString({ lineWidth: 0 });
  } catch {
    // What went was the anchor of an alias elsewhere.
    return undefined;
  }
}
