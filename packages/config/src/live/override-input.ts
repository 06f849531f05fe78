/**
 * Reads what somebody wants to override, and says what cannot be.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { formatPath, type Path, parsePath } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import { markAt } from "../schema/marks.ts";
import { readFlags } from "../sources/flags.ts";
import type { Patch } from "../sources/layer.ts";
import { patchesOf } from "../sources/overrides.ts";
import { readTree } from "../tree.ts";
import { ConfigError, type Violation } from "../violation.ts";

const forbidden: ReadonlySet<string | number> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads the path of a setting.
 *
 * @throws {ConfigError} when the text is none
 */
export function settingPath(text: string): Path {
  const path = parsePath(text);
  if (path !== undefined && !path.some((segment) => forbidden.has(segment))) return path;
  throw refusal(text || "path", "is not a path, should be keys and indexes such as providers[0].base_url");
}

/**
 * Reads one override.
 *
 * @param file - where settings that need a restart should be written instead
 * @throws {ConfigError} when the value is none, or a setting needs a restart
 */
export function readOverride(path: Path, value: unknown, file: string): readonly Patch[] {
  const { tree, findings } = readTree(value);
  if (findings.length > 0)
    throw new ConfigError(
      findings.map((each) => ({ path: formatPath([...path, ...each.path]), message: each.message })),
    );
  return live(patchesOf(path, tree ?? null), file);
}

/**
 * Reads overrides in the shape of the configuration.
 *
 * @throws {ConfigError} when one is no value, or needs a restart
 */
export function readOverrides(partial: Readonly<Record<string, unknown>>, file: string): readonly Patch[] {
  const { layer, findings } = readFlags(partial, configSchema);
  if (findings.length > 0)
    throw new ConfigError(findings.map(({ path, message }) => ({ path: formatPath(path), message })));
  return Object.entries(layer.tree).flatMap(([key, value]: [string, JsonValue | undefined]) =>
    value === undefined ? [] : live(patchesOf([key], value), file),
  );
}

/** A running server cannot follow: it would say one thing and do another. */
function live(patches: readonly Patch[], file: string): readonly Patch[] {
  const fixed = patches.filter(({ path }) => markAt(path) === "restart");
  if (fixed.length === 0) return patches;
  throw new ConfigError(
    fixed.map(({ path }): Violation => ({ path: formatPath(path), message: restartNeeded(path, file) })),
  );
}

function restartNeeded(path: Path, file: string): string {
  return `needs a restart and cannot be overridden, should be written as ${formatPath(path)} to ${file}`;
}

function refusal(path: string, message: string): ConfigError {
  return new ConfigError([{ path, message }]);
}
