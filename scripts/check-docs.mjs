/**
 * Keeps documentation true: compiles the TypeScript blocks of every Markdown file and every TSDoc `@example`,
 * runs those that begin with `// run`, and follows the links between files.
 *
 * A block is compiled as a file of the package it stands in, so that it sees what that package depends on;
 * one outside of all packages is compiled as the server's, which depends on everything.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { readFiles, report, root } from "./repository.mjs";

const folder = ".check-docs";
const outside = "apps/server";
const packageOf = /^(?:packages|apps)\/[^/]+/;
const fence = /^(?<indent>[ \t]*)```ts[ \t]*\n(?<code>[\s\S]*?)^[ \t]*```[ \t]*$/gm;
const link = /\]\((?!\w+:|#)(?<target>[^)\s#]+)(?:#[^)\s]*)?\)/g;

/**
 * The TypeScript blocks of a file. Each keeps its place: a mistake is reported on the line it stands on.
 *
 * @param {{ path: string, text: string }} file - Markdown, or TypeScript with TSDoc
 * @returns {{ path: string, line: number, code: string, runs: boolean }[]}
 */
export function blocksOf({ path, text }) {
  const prose = path.endsWith(".md") ? text : text.replace(/^[ \t]*\* ?/gm, "");
  return [...prose.matchAll(fence)].map(({ index, groups }) => {
    const line = prose.slice(0, index).split("\n").length + 1;
    return { path, line, code: groups.code, runs: /^\s*\/\/ run\b/.test(groups.code) };
  });
}

/** The links of Markdown files that lead to no file, each as `<path>: <what>`. */
export function brokenLinks(files, exists = (path) => existsSync(join(root, path))) {
  return files.flatMap(({ path, text }) =>
    [...text.replace(/```[\s\S]*?```|`[^`\n]*`/g, "").matchAll(link)]
      .map(({ groups }) => groups.target)
      .filter((target) => !exists(join(dirname(path), target)))
      .map((target) => `${path}: the link to ${target} leads nowhere`),
  );
}

/** Writes the blocks where they are compiled; what it returns has the file's path. */
function writeBlocks(blocks) {
  return blocks.map((block) => {
    const owner = packageOf.exec(block.path)?.[0] ?? outside;
    const name = `${block.path.slice(owner === outside ? 0 : owner.length + 1).replaceAll("/", "-")}.${block.line}.ts`;
    const path = `${owner}/${folder}/${name}`;
    mkdirSync(join(root, owner, folder), { recursive: true });
    writeFileSync(join(root, path), `${"\n".repeat(block.line - 1)}${block.code}\nexport {};\n`);
    return { ...block, file: path };
  });
}

function compile(files) {
  const project = join(root, folder);
  mkdirSync(project, { recursive: true });
  const compilerOptions = {
    noEmit: true,
    composite: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const configuration = {
    extends: "../tsconfig.base.json",
    compilerOptions: { ...compilerOptions, rootDir: "..", tsBuildInfoFile: null },
    // What sources declare of modules that have no types.
    include: ["../packages/*/src/**/*.d.ts"],
    files: files.map(({ file }) => `../${file}`),
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(configuration));
  return run("tsc", ["-p", join(folder, "tsconfig.json"), "--pretty", "false"]);
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (error) throw error;
  return status === 0 ? [] : `${stdout}${stderr}`.trim().split("\n");
}

function clean() {
  for (const { path } of readFiles(/^(?:packages|apps)\/[^/]+\/package\.json$/))
    rmSync(join(root, dirname(path), folder), { recursive: true, force: true });
  rmSync(join(root, folder), { recursive: true, force: true });
}

if (import.meta.main) {
  const markdown = readFiles(/^(?!packages\/testing\/fixtures\/(?!README)).*\.md$/);
  const sources = readFiles(/^(?:packages|apps)\/[^/]+\/src\/(?!gen\/).*(?<!\.test)\.ts$/);
  try {
    const blocks = writeBlocks([...markdown, ...sources].flatMap(blocksOf));
    const wrong = [...brokenLinks(markdown), ...(blocks.length > 0 ? compile(blocks) : [])];
    const running = blocks.filter(({ runs }) => runs);
    for (const { file } of running)
      wrong.push(...run(process.execPath, ["--conditions=@llmproxy/source", file]));
    report(
      wrong,
      `${blocks.length} examples compile, ${running.length} run, links of ${markdown.length} documents lead somewhere`,
    );
  } finally {
    clean();
  }
}
