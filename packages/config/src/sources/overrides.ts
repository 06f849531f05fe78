/**
 * Runtime overrides: single values over everything else, for as long as the process lives.
 *
 * They are kept as patches and not as a map, because they may name an entry of a list
 * (`providers[0].base_url`), and a list in a map would replace the whole list below it.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { safeParse } from "zod/mini";
import { formatPath, isWithin, type Path } from "../path.ts";
import { childOf, type Schema, schemaAt, secretOf, secretSpellings } from "../schema/inspect.ts";
import { isList, isMap, valueAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";
import type { Layer, Patch } from "./layer.ts";

/** The layer that patches make. */
export function overrideLayer(patches: readonly Patch[]): Layer {
  return { source: "override", tree: {}, patches, variableOf: () => "runtime override" };
}

/** Takes a value apart: a map is merged key by key, as in every layer, so each of its values is a patch. */
export function patchesOf(path: Path, value: JsonValue): readonly Patch[] {
  if (!isMap(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, child]) =>
    child === undefined ? [] : patchesOf([...path, key], child),
  );
}

/** Adds patches to earlier ones; what they replace is forgotten, also where it is a secret in another spelling. */
export function addPatches(
  patches: readonly Patch[],
  added: readonly Patch[],
  schema: Schema,
): readonly Patch[] {
  const replaced = added.flatMap(({ path }) => spellingsOf(path, schema));
  return [...patches.filter(({ path }) => !replaced.some((each) => isWithin(path, each))), ...added];
}

/** Puts patches into a tree. A patch of a list's entry that does not exist is reported and left out. */
export function applyPatches(
  tree: JsonObject,
  patches: readonly Patch[],
  schema: Schema,
): { tree: JsonObject; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  let patched = tree;
  for (const patch of patches) {
    const missing = missingEntry(patched, patch.path, schema);
    if (missing) findings.push(missing);
    else patched = putInMap(patched, patch.path, patch.value, schema);
  }
  return { tree: patched, findings };
}

/** The first entry on a path that its list does not have. */
function missingEntry(tree: JsonObject, path: Path, schema: Schema): Finding | undefined {
  let at: JsonValue | undefined = tree;
  for (const [position, segment] of path.entries()) {
    if (typeof segment === "string") {
      at = valueAt(at, segment);
      continue;
    }
    const list = listFor(at, schemaAt(schema, path.slice(0, position)));
    if (segment >= list.length) return noEntry(path.slice(0, position + 1), list.length);
    at = list[segment];
  }
  return undefined;
}

function noEntry(path: Path, length: number): Finding {
  const list = formatPath(path.slice(0, -1));
  const entries = length === 1 ? "1 entry" : `${length} entries`;
  return finding(path, `does not exist, ${list} has ${entries} (runtime override)`);
}

function putInMap(map: JsonObject, path: Path, value: JsonValue, schema: Schema | undefined): JsonObject {
  const [segment = "", ...rest] = path;
  const key = String(segment);
  const gone = new Set(schema ? spellingsOf([key], schema).map(([spelling]) => spelling) : []);
  const kept = Object.entries(map).filter(([name]) => name === key || !gone.has(name));
  const below = Object.hasOwn(map, key) ? map[key] : undefined;
  const child = schema && childOf(schema, key);
  return { ...Object.fromEntries(kept), [key]: put(below, rest, value, child) };
}

function put(
  below: JsonValue | undefined,
  path: Path,
  value: JsonValue,
  schema: Schema | undefined,
): JsonValue {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  if (typeof segment === "string") return putInMap(isMap(below) ? below : {}, path, value, schema);
  const list = listFor(below, schema);
  return list.with(segment, put(list[segment], rest, value, schema && childOf(schema, segment)));
}

/** The list that is there, or the one that is there by default. */
function listFor(value: JsonValue | undefined, schema: Schema | undefined): readonly JsonValue[] {
  if (isList(value)) return value;
  const byDefault = schema && safeParse(schema, undefined);
  return byDefault?.success && isList(byDefault.data) ? byDefault.data : [];
}

/** The path itself, or that of a secret in each of its spellings. */
export function spellingsOf(path: Path, schema: Schema): readonly Path[] {
  const parent = path.slice(0, -1);
  const section = schemaAt(schema, parent);
  const name = section && secretOf(section, path.at(-1));
  return name === undefined ? [path] : secretSpellings.map((ending) => [...parent, name + ending]);
}
