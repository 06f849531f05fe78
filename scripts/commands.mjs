/**
 * Running other programs from scripts.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { root } from "./repository.mjs";

/**
 * Runs a program to its end.
 *
 * @returns its exit code, -1 where it could not be run, and everything it printed
 */
export function run(command, args, { cwd = root, env } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  return { status: error ? -1 : status, output: `${stdout ?? ""}${stderr ?? ""}${error ?? ""}`.trim() };
}

/** Runs a program that must succeed. @returns what it printed, under a heading, where it did not */
export function complaints(what, command, args, options) {
  const { status, output } = run(command, args, options);
  return status === 0 ? [] : [`${what}:\n${output.replace(/^/gm, "    ")}`];
}
