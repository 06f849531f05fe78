/**
 * What is wrong with a configuration, all of it at once.
 *
 * @module
 */

import { formatPath, type Path } from "./path.ts";

/** One thing that is wrong with the configuration. */
export interface Violation {
  /**
   * The setting in the user's spelling, e.g. `providers[0].base_url`; or the file or variable that is wrong as
   * a whole.
   */
  readonly path: string;
  /** What is wrong and what would be right; holds no secrets. */
  readonly message: string;
  /** The line of the configuration file, counted from 1; absent where it is not known. */
  readonly line?: number;
}

/** A violation before it is known where the value came from. */
export interface Finding {
  /** Where in the configuration. */
  readonly path: Path;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** The configuration was refused. The message has one line for each violation. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Everything that is wrong, sorted by path; never empty. */
  readonly violations: readonly Violation[];

  /** @param violations - what is wrong, in any order */
  constructor(violations: readonly Violation[]) {
    const sorted = violations.toSorted(byPath);
    super(sorted.map(formatViolation).join("\n"));
    this.violations = Object.freeze(sorted);
  }
}

/** A finding at `path`. */
export function finding(path: Path, message: string): Finding {
  return { path, message };
}

/** Keeps the first of the findings at each path: a later check often stumbles over the same mistake. */
export function firstOfEachPath(findings: readonly Finding[]): readonly Finding[] {
  const first = new Map<string, Finding>();
  for (const each of findings) {
    const path = formatPath(each.path);
    if (!first.has(path)) first.set(path, each);
  }
  return [...first.values()];
}

function formatViolation({ path, message, line }: Violation): string {
  return `${path}: ${message}${line === undefined ? "" : ` (line ${line})`}`;
}

/** Numbers in paths sort as numbers, so that `[2]` comes before `[10]`. */
function byPath(a: Violation, b: Violation): number {
  return a.path.localeCompare(b.path, "en", { numeric: true }) || (a.line ?? 0) - (b.line ?? 0);
}
