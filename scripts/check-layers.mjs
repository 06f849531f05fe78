/**
 * Checks every manifest and every import against the layers.
 *
 * @module
 */

import { isBuiltin } from "node:module";
import { dirname, join } from "node:path/posix";
import { coreEntry, layers, layersOfTests } from "./layers.mjs";
import { readFiles, readManifest, readPackages, report } from "./repository.mjs";

const scope = "@llmproxy/";
const { devDependencies: tools } = readManifest("package.json");
const testFile = /\.test\.ts$|\/src\/(?:.*\/)?(?:test-support|testing)\//;
const comments = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;
const imports = /(?<!["'\w])(?:from\s*|import(?:\.meta\.resolve)?\s*\(?\s*)"([^"\n]+)"/g;

/** The specifiers a source file imports, statically, dynamically or as a type. */
export function specifiersOf(text) {
  return [...text.replace(comments, "").matchAll(imports)].map(([, specifier]) => specifier);
}

/**
 * Every violation in manifests and sources, each as `<where>: <what>`.
 *
 * @param {{ folder: string, manifest: object }[]} packages
 * @param {{ path: string, text: string }[]} files - the sources of these packages
 */
export function layerViolations(packages, files) {
  const owners = new Map(
    packages.map((owner) => [owner.folder, { ...owner, name: owner.folder.split("/")[1] }]),
  );
  const sources = files.flatMap(({ path, text }) => {
    const owner = owners.get(path.split("/", 2).join("/"));
    return specifiersOf(text).flatMap((specifier) => {
      const what = violationOf({ path, specifier, owner, packages });
      return what ? [`${path}: imports "${specifier}": ${what}`] : [];
    });
  });
  return [...[...owners.values()].flatMap(manifestViolations), ...sources, ...coreViolations(files)];
}

function manifestViolations({ folder, manifest, name }) {
  if (!layers[name]) return [`${folder}: stands in no layer; add it to scripts/layers.mjs`];
  const refused = (names, allowed) =>
    names.filter((each) => each.startsWith(scope) && !allowed.includes(each.slice(scope.length)));
  const where = `${folder}/package.json`;
  return [
    ...refused(Object.keys(needed(manifest)), layers[name]).map(
      (each) => `${where}: must not depend on ${each}`,
    ),
    ...refused(Object.keys(manifest.devDependencies ?? {}), layersOfTests[name]).map(
      (each) => `${where}: not even its tests may depend on ${each}`,
    ),
  ];
}

function violationOf({ path, specifier, owner, packages }) {
  if (specifier.startsWith(".")) return relativeViolation(path, specifier, owner.folder);
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? undefined : `write "node:${specifier}"`;
  const [, name, subpath] = /^((?:@[^/]+\/)?[^/@:]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return "neither a package nor a file beside it";
  return (
    declarationViolation(path, name, owner) ?? workspaceViolation({ path, name, subpath, owner, packages })
  );
}

function relativeViolation(path, specifier, folder) {
  const target = join(dirname(path), specifier);
  if (!target.startsWith(`${folder}/`)) return "leaves its package; import the other one by its name";
  return testFile.test(target) && !testFile.test(path)
    ? "only tests may use what is there for tests"
    : undefined;
}

function declarationViolation(path, name, { manifest }) {
  // A package may import itself by name; tests also run with the tools of the whole workspace.
  const forTests = testFile.test(path) ? { ...tools, ...manifest.devDependencies } : {};
  const declared = { ...needed(manifest), ...forTests, [manifest.name]: "" };
  return Object.hasOwn(declared, name) ? undefined : "not declared in its package.json";
}

function workspaceViolation({ path, name, subpath, owner, packages }) {
  if (!name.startsWith(scope)) return undefined;
  const allowed = (testFile.test(path) ? layersOfTests : layers)[owner.name] ?? [];
  const other = name.slice(scope.length);
  if (other !== owner.name && !allowed.includes(other)) return `${owner.name} must not know ${other}`;
  const exported = packages.find(({ manifest }) => manifest.name === name)?.manifest.exports ?? {};
  return Object.hasOwn(exported, `.${subpath ?? ""}`)
    ? undefined
    : `${name} does not export ".${subpath ?? ""}"`;
}

/** Follows the core's main entry through its own files. */
function coreViolations(files, path = coreEntry.file, seen = new Set()) {
  const file = files.find((each) => each.path === path);
  if (!file || seen.has(path)) return [];
  seen.add(path);
  return specifiersOf(file.text).flatMap((specifier) => {
    if (specifier.startsWith(".")) return coreViolations(files, join(dirname(path), specifier), seen);
    const isRefused =
      specifier.startsWith(scope) && !coreEntry.allowed.includes(specifier.slice(scope.length));
    return isRefused ? [`${path}: the core's main entry must not reach "${specifier}"`] : [];
  });
}

/** What a package needs at run time. */
function needed({ dependencies, optionalDependencies, peerDependencies }) {
  return { ...dependencies, ...optionalDependencies, ...peerDependencies };
}

if (import.meta.main) {
  const packages = readPackages();
  const files = readFiles(/^(packages|apps)\/[^/]+\/src\/.*\.ts$/);
  report(
    layerViolations(packages, files),
    `${packages.length} packages, ${files.length} files keep to their layers`,
  );
}
