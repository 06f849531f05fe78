/**
 * Which core each process runs on.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Who shares a core with nobody of another role, where there are enough. */
export type Role = "subject" | "upstream" | "load";

/** The core of each role; undefined where processes cannot be pinned. */
export type Cores = Readonly<Record<Role, number>> | undefined;

/**
 * Gives the subject a core of its own, and upstream and load generator one each or, of two, one together.
 *
 * @param allowed - the cores this process may use
 */
export function assignCores(allowed: readonly number[]): Cores {
  const [subject, upstream, load = upstream] = allowed;
  return subject === undefined || upstream === undefined || load === undefined
    ? undefined
    : { subject, upstream, load };
}

/** Finds out what this machine offers; needs Linux and `taskset`. */
export function findCores(): Cores {
  if (process.platform !== "linux" || spawnSync("taskset", ["--version"]).status !== 0) return undefined;
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return assignCores(list === undefined ? [] : readCoreList(list));
}

/** Reads the kernel's way of writing a list of cores, such as `0-3,8`. */
export function readCoreList(list: string): readonly number[] {
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
