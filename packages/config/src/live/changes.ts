/**
 * What differs between two configurations, and what of it can take effect now.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { formatPath, type Path, parsePath } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import { schemaAt, secretOf } from "../schema/inspect.ts";
import { markAt, settingsOf } from "../schema/marks.ts";
import { assess, type Snapshot } from "../snapshot.ts";
import type { Layer } from "../sources/layer.ts";
import type { SecretReading } from "../sources/secrets.ts";
import { isList, isMap } from "../tree.ts";

/** A change that waits for a restart. Secrets are shown as `[secret]`. */
export interface PendingChange {
  /** The setting. */
  readonly path: string;
  /** The value in effect; null when it is not set. */
  readonly current: JsonValue;
  /** The value after a restart; null when it will not be set. */
  readonly next: JsonValue;
}

/** The paths at which two configurations differ, secrets by the key they belong to; sorted. */
export function changedPaths(from: Snapshot, to: Snapshot): readonly string[] {
  const values = differences(from.input, to.input, []).map((path) => formatPath(shownPath(path)));
  return [...new Set([...values, ...changedSecrets(from, to)])].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}

/** The settings that differ and need a restart. */
export function restartChanges(running: Snapshot, next: Snapshot): readonly Path[] {
  const differs = (path: Path) => !isDeepStrictEqual(valueIn(running.input, path), valueIn(next.input, path));
  const secrets = changedSecrets(running, next).map((path) => parsePath(path) ?? []);
  return [...settingsOf(configSchema).filter(differs), ...secrets].filter(
    (path) => markAt(path) === "restart",
  );
}

/** Shows changes that need a restart. */
export function pendingChanges(
  paths: readonly Path[],
  running: Snapshot,
  next: Snapshot,
): readonly PendingChange[] {
  const shown = new Map(paths.map(shownPath).map((path) => [formatPath(path), path]));
  return [...shown].map(([path, at]) => ({
    path,
    current: valueIn(running.shown, at) ?? null,
    next: valueIn(next.shown, at) ?? null,
  }));
}

/**
 * The configuration that can take effect now: the next one, with the settings that need a restart as they are.
 *
 * @param kept - the settings to keep, of {@link restartChanges}
 * @param layers - where the values of the next one came from, for messages
 * @throws {ConfigError} when the two do not go together
 */
export function compose(
  running: Snapshot,
  next: Snapshot,
  kept: readonly Path[],
  layers: readonly Layer[] = [],
): Snapshot {
  if (kept.length === 0) return next;
  const tree = kept.reduce<JsonObject>(
    (at, path) => withValue(at, path, valueIn(running.tree, path)),
    next.tree,
  );
  return assess({
    tree,
    secrets: composeSecrets(running, next),
    layers,
    sourceOf: (path) => {
      const { sources } = markAt(path) === "restart" ? running : next;
      return sources.get(formatPath(path)) ?? "default";
    },
    file: next.file,
  });
}

function composeSecrets(running: Snapshot, next: Snapshot): SecretReading {
  const isKept = (path: string) => markAt(parsePath(path) ?? []) === "restart";
  const byPath = new Map([
    ...[...running.secrets.byPath].filter(([path]) => isKept(path)),
    ...[...next.secrets.byPath].filter(([path]) => !isKept(path)),
  ]);
  return { at: (path) => byPath.get(formatPath(path)), byPath, findings: [] };
}

/** The value at a path of maps with fixed keys. */
export function valueIn(tree: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (at, key) => (isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    tree,
  );
}

function differences(from: JsonValue | undefined, to: JsonValue | undefined, path: Path): readonly Path[] {
  if (isMap(from) && isMap(to)) {
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...keys].flatMap((key) => differences(from[key], to[key], [...path, key]));
  }
  if (isList(from) && isList(to) && from.length === to.length)
    return from.flatMap((item, index) => differences(item, to[index], [...path, index]));
  return isDeepStrictEqual(from, to) ? [] : [path];
}

/** Sets or removes a value; a map that becomes empty goes with it. */
function withValue(map: JsonObject, path: Path, value: JsonValue | undefined): JsonObject {
  const [segment = "", ...rest] = path;
  const key = String(segment);
  const below = map[key];
  const inner = rest.length === 0 ? value : withValue(isMap(below) ? below : {}, rest, value);
  const isGone = inner === undefined || (rest.length > 0 && isMap(inner) && Object.keys(inner).length === 0);
  const others = Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
  return isGone ? others : { ...others, [key]: inner };
}

/** A secret is shown at its key, in whichever spelling it was given. */
function shownPath(path: Path): Path {
  const section = schemaAt(configSchema, path.slice(0, -1));
  const name = section && secretOf(section, path.at(-1));
  return name === undefined ? path : [...path.slice(0, -1), name];
}

function changedSecrets({ secrets: from }: Snapshot, { secrets: to }: Snapshot): readonly string[] {
  return [...new Set([...from.byPath.keys(), ...to.byPath.keys()])].filter(
    (path) => from.byPath.get(path)?.reveal() !== to.byPath.get(path)?.reveal(),
  );
}
