/**
 * The configuration as a list, one row for each value, as an operator wants to see it.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import type { PendingChange } from "./live/changes.ts";
import { formatPath, isWithin, type Path, parsePath } from "./path.ts";
import { leafPaths } from "./redact.ts";
import { type KeyMark, markAt } from "./schema/marks.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ConfigSource } from "./sources/layer.ts";
import { isList, isMap } from "./tree.ts";

/** One value of the configuration. */
export interface Setting {
  /** Where it stands, e.g. `providers[0].base_url`. */
  readonly path: string;
  /** The value in effect, in the user's spelling; secrets as `[secret]`; null when it is not set. */
  readonly value: JsonValue;
  /** Where the value came from. */
  readonly source: ConfigSource;
  /** Whether a change takes effect at once. */
  readonly mark: KeyMark;
  /** The value it will have after a restart; absent when none waits. */
  readonly pending?: JsonValue;
}

/** Lists a configuration in the order of the file; a setting that waits for a restart is one row. */
export function listSettings(
  { shown, sources }: Pick<Snapshot, "shown" | "sources">,
  pending: readonly PendingChange[] = [],
): readonly Setting[] {
  const waiting = pending.map((change) => ({ change, path: parsePath(change.path) ?? [] }));
  const isWaiting = (leaf: Path) => waiting.some(({ path }) => isWithin(leaf, path));
  const rows = leafPaths(shown)
    .filter((leaf) => !isWaiting(leaf))
    .map((leaf) => ({
      path: formatPath(leaf),
      value: valueAtPath(shown, leaf) ?? null,
      source: sources.get(formatPath(leaf)) ?? "default",
      mark: markAt(leaf) ?? "live",
    }));
  const held = waiting.map(({ change, path }): Setting => {
    const leaf = leafPaths(shown).find((each) => isWithin(each, path));
    const source = (leaf && sources.get(formatPath(leaf))) ?? "default";
    return { path: change.path, value: change.current, source, mark: "restart", pending: change.next };
  });
  return [...rows, ...held];
}

function valueAtPath(tree: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, segment) => {
    if (typeof segment === "number") return isList(at) ? at[segment] : undefined;
    return isMap(at) && Object.hasOwn(at, segment) ? at[segment] : undefined;
  }, tree);
}
