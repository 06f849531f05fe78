/**
 * Checks the API: the protos' style, that the generated code is what they generate, and that no release broke.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { staleDocsAsset } from "./docs-asset.mjs";
import { protoDocs, protoDocsFile } from "./proto-docs.mjs";
import { report, root } from "./repository.mjs";

const generated = "packages/proto/src/gen";

function run(command, args, input) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", input });
  if (error) throw error;
  return { status, stdout, output: `${stdout}${stderr}`.trim() };
}

/** What a command says when it fails; nothing when it does not. */
function complaints(command, ...args) {
  const { status, output } = run(command, args);
  return status === 0 ? [] : [`${command} ${args.join(" ")}:\n${output}`];
}

/** Files of a folder, by their path within. */
function contents(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

/** Generates again, beside, and compares; the committed code went through Biome, so what is compared does too. */
function staleFiles() {
  const folder = mkdtempSync(join(tmpdir(), "llmproxy-generated-"));
  try {
    const { status, output } = run("buf", ["generate", "--output", folder]);
    if (status !== 0) return [`buf generate:\n${output}`];
    const fresh = contents(join(folder, generated));
    const committed = contents(join(root, generated));
    return [...new Set([...fresh.keys(), ...committed.keys()])]
      .filter((path) => formatted(path, fresh.get(path)) !== committed.get(path))
      .map((path) => `${generated}/${path} is not what proto/ generates: run \`pnpm gen\` and commit`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The comments of the protos, which the OpenAPI document repeats. */
function staleDocs() {
  const committed = readFileSync(join(root, protoDocsFile), "utf8");
  if (formattedAs(protoDocsFile, protoDocs()) === committed) return [];
  return [`${protoDocsFile} is not what proto/ says: run \`pnpm gen\` and commit`];
}

function formatted(path, text) {
  return text === undefined ? undefined : formattedAs(`${generated}/${path}`, text);
}

function formattedAs(path, text) {
  return run("biome", ["check", "--write", `--stdin-file-path=${path}`], text).stdout;
}

/** Compares with the last release; before the first one nobody depends on the API. */
function breakingChanges() {
  const { status, stdout } = run("git", ["describe", "--tags", "--abbrev=0"]);
  if (status !== 0) {
    console.log("skipped: buf breaking (there is no release to compare with)");
    return [];
  }
  return complaints("buf", "breaking", "proto", "--against", `.git#tag=${stdout.trim()},subdir=proto`);
}

report(
  [
    ...complaints("buf", "lint"),
    ...complaints("buf", "format", "--diff", "--exit-code", "proto"),
    ...staleFiles(),
    ...staleDocs(),
    ...staleDocsAsset(),
    ...breakingChanges(),
  ],
  "the protos are in style and the generated code is theirs",
);
