/**
 * What the checks read: the files of this checkout and the manifests of its packages.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root of the checkout, without a slash at the end. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** A file of the checkout. @typedef {{ path: string, text: string }} SourceFile */

/**
 * Reads every file that is committed, or would be with `git add --all`.
 *
 * @param {RegExp} pattern - matched against paths relative to the root
 * @returns {SourceFile[]}
 */
export function readFiles(pattern) {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const paths = execFileSync("git", list, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }).split("\0");
  return [...new Set(paths)]
    .filter((path) => pattern.test(path) && statSync(`${root}/${path}`, { throwIfNoEntry: false })?.isFile())
    .sort()
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") }));
}

/** A package.json of the checkout. */
export function readManifest(path) {
  return JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
}

/** The manifests of all packages and apps, as `{ folder: "packages/auth", manifest }`. */
export function readPackages() {
  return readFiles(/^(packages|apps)\/[^/]+\/package\.json$/).map(({ path }) => ({
    folder: path.replace("/package.json", ""),
    manifest: readManifest(path),
  }));
}

/**
 * Ends a check: prints what is wrong and sets the exit code, or says that nothing is.
 *
 * @param {string[]} violations
 * @param {string} success - what was checked
 */
export function report(violations, success) {
  for (const violation of violations) console.error(violation);
  if (violations.length > 0) process.exitCode = 1;
  else console.log(success);
}
