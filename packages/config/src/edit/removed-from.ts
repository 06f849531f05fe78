/**
 * Takes one setting out of a tree.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import type { Path } from "../path.ts";
import { isList, isMap } from "../tree.ts";

/** A tree without one setting. */
export interface Removed {
  /** What is left. */
  readonly tree: JsonValue;
  /** What went: the setting, or the outermost section that it would have left empty. */
  readonly path: Path;
}

/**
 * Takes a setting out, with the sections that leaves empty. An entry of a list stays, even when it becomes empty: the
 * others keep their indexes.
 *
 * @returns undefined when there is no such setting
 */
export function removedFrom(tree: JsonValue | undefined, path: Path): Removed | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined || !hasEntry(tree, segment)) return undefined;
  if (rest.length === 0) return { tree: without(tree, segment), path };
  const below = removedFrom(entryOf(tree, segment), rest);
  if (below === undefined) return undefined;
  if (isEmpty(below.tree) && typeof segment === "string")
    return { tree: without(tree, segment), path: [segment] };
  return { tree: withEntry(tree, segment, below.tree), path: [segment, ...below.path] };
}

function hasEntry(tree: JsonValue | undefined, segment: string | number): tree is JsonValue {
  if (typeof segment === "number") return isList(tree) && segment < tree.length;
  return isMap(tree) && Object.hasOwn(tree, segment);
}

function entryOf(tree: JsonValue, segment: string | number): JsonValue | undefined {
  if (isList(tree)) return typeof segment === "number" ? tree[segment] : undefined;
  return isMap(tree) ? tree[segment] : undefined;
}

function without(tree: JsonValue, segment: string | number): JsonValue {
  if (isList(tree)) return tree.filter((_entry, index) => index !== segment);
  return isMap(tree) ? Object.fromEntries(Object.entries(tree).filter(([key]) => key !== segment)) : tree;
}

function withEntry(tree: JsonValue, segment: string | number, entry: JsonValue): JsonValue {
  if (isList(tree)) return typeof segment === "number" ? tree.with(segment, entry) : tree;
  return isMap(tree) ? { ...tree, [segment]: entry } : tree;
}

function isEmpty(tree: JsonValue): boolean {
  if (isList(tree)) return tree.length === 0;
  return isMap(tree) && Object.keys(tree).length === 0;
}
