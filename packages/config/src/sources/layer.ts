/**
 * Where values come from, and which wins.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { formatPath, isWithin, type Path } from "../path.ts";
import { childOf, type Schema, secretNames, secretSpellings } from "../schema/inspect.ts";
import { isMap, valueAt } from "../tree.ts";
import type { Finding, Violation } from "../violation.ts";

/** Where the value of a setting comes from. */
export type ConfigSource = "default" | "file" | "environment" | "flag" | "override";

/** One value at one place. */
export interface Patch {
  /** Where. */
  readonly path: Path;
  /** What; lists as a whole, maps only when they are empty. */
  readonly value: JsonValue;
}

/** What one source says. Later layers of a list win. */
export interface Layer {
  /** Which source. */
  readonly source: Exclude<ConfigSource, "default">;
  /** The settings it gives. */
  readonly tree: JsonObject;
  /** Single values it puts over everything below it, entries of lists included; for overrides. */
  readonly patches?: readonly Patch[];
  /** The line a setting, or what holds it, stands on; for files that tell. */
  readonly lineOf?: (path: Path) => number | undefined;
  /** The environment variable that gives a setting. */
  readonly variableOf?: (path: Path) => string | undefined;
}

/** Joins layers: maps are merged key by key, everything else is replaced. */
export function mergeLayers(layers: readonly Layer[], schema: Schema): JsonObject {
  return layers.reduce<JsonObject>((merged, { tree }) => mergeMaps(merged, tree, schema), {});
}

/**
 * Joins two maps; `high` wins. A secret given in one spelling replaces the same secret in any other, so that
 * a token in the environment overrides a token file in the configuration file.
 */
export function mergeMaps(low: JsonObject, high: JsonObject, schema: Schema | undefined): JsonObject {
  const merged = new Map(Object.entries(low));
  for (const key of respelledSecrets(high, schema)) merged.delete(key);
  for (const [key, value] of Object.entries(high)) {
    const below = merged.get(key);
    const mergeable = isMap(below) && isMap(value);
    merged.set(key, mergeable ? mergeMaps(below, value, schema && childOf(schema, key)) : value);
  }
  return Object.fromEntries(merged);
}

/** Every spelling of each secret that a map gives. */
function respelledSecrets(map: JsonObject, schema: Schema | undefined): readonly string[] {
  return (schema ? secretNames(schema) : [])
    .map((name) => secretSpellings.map((ending) => name + ending))
    .filter((spellings) => spellings.some((key) => Object.hasOwn(map, key)))
    .flat();
}

/** The layer that decided the value at `path`; undefined when it is a default. */
export function layerOf(path: Path, layers: readonly Layer[]): Layer | undefined {
  for (const layer of layers.toReversed()) {
    const patch = layer.patches?.findLast((each) => isWithin(path, each.path));
    const presence = patch ? presenceIn(patch, path) : presenceOf(path, layer.tree);
    if (presence === "present") return layer;
    if (presence === "replaced") return undefined;
  }
  return undefined;
}

/** Adds to a finding what is known about where the value came from. */
export function locate({ path, message }: Finding, layers: readonly Layer[]): Violation {
  const layer = nearestLayer(path, layers);
  const variable = layer?.variableOf?.(path);
  const line = layer?.lineOf?.(path);
  return {
    path: formatPath(path) || "configuration",
    message: variable === undefined ? message : `${message} (${variable})`,
    ...(line === undefined ? {} : { line }),
  };
}

/** A missing key is the fault of whoever wrote the map it is missing from. */
function nearestLayer(path: Path, layers: readonly Layer[]): Layer | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const layer = layerOf(path.slice(0, length), layers);
    if (layer) return layer;
  }
  return undefined;
}

/** Within what a patch gives there is nothing of lower layers. */
function presenceIn({ path, value }: Patch, at: Path): "present" | "replaced" {
  const found = at.slice(path.length).reduce<JsonValue | undefined>(childAt, value);
  return found === undefined ? "replaced" : "present";
}

/** `replaced`: the layer gives a list or scalar on the way, so whatever lower layers say there is gone. */
function presenceOf(path: Path, tree: JsonObject): "present" | "absent" | "replaced" {
  let at: JsonValue | undefined = tree;
  let isReplaced = false;
  for (const segment of path) {
    if (!isMap(at)) isReplaced = true;
    at = childAt(at, segment);
    if (at === undefined) return isReplaced ? "replaced" : "absent";
  }
  return "present";
}

function childAt(value: JsonValue | undefined, segment: string | number): JsonValue | undefined {
  if (typeof segment === "number") return Array.isArray(value) ? value[segment] : undefined;
  if (!isMap(value)) return undefined;
  const spelling = secretSpellings.find((ending) => Object.hasOwn(value, segment + ending));
  return spelling === undefined ? undefined : valueAt(value, segment + spelling);
}
