/**
 * Packs what is published and looks at it as a stranger would: are the manifests and types right, does the
 * package hold what it should and nothing else, can it be imported on the oldest Node it promises to support, and
 * does the SDK get answers there.
 *
 * Needs `pnpm build` before, and the registry for that Node; without it the current one is used.
 *
 * @module
 */

import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { complaints, run } from "./commands.mjs";
import { packedAppComplaints } from "./packed-app.mjs";
import { readPackages, report, root } from "./repository.mjs";
import { sdkComplaints } from "./sdk-check.mjs";

const notForStrangers = /\.test\.|\/(?:test-support|testing)\/|\/fixtures\/|\.tsbuildinfo$/;

const work = mkdtempSync(join(tmpdir(), "llmproxy-pack-"));
const modules = join(work, "app", "node_modules");

/** Where a package is packed to. */
const tarballOf = ({ name, version }) =>
  join(work, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);

/** Packs one package, looks into the tarball, and installs it where strangers are imported from. */
function checkPackage({ folder, manifest }) {
  const { name } = manifest;
  const tarball = tarballOf(manifest);
  const packed = pnpm(["pack", "--pack-destination", work], join(root, folder));
  if (packed.status !== 0 || !existsSync(tarball)) return [`${name}: cannot be packed:\n${packed.output}`];
  mkdirSync(join(modules, name), { recursive: true });
  return [
    ...run("tar", ["-tzf", tarball])
      .output.split("\n")
      .filter((file) => notForStrangers.test(file))
      .map((file) => `${name}: publishes ${file}`),
    ...complaints(`${name}: publint`, "publint", ["run", tarball, "--strict"]),
    ...complaints(`${name}: attw`, "attw", [tarball, "--profile", "esm-only", "--no-color", "--no-emoji"]),
    ...complaints(`${name}: tar`, "tar", [
      "-xzf",
      tarball,
      "--strip-components=1",
      "-C",
      join(modules, name),
    ]),
  ];
}

function pnpm(args, cwd) {
  const { npm_execpath: own } = process.env;
  return own?.includes("pnpm") ? run(own, args, { cwd }) : run("npx", ["-y", "pnpm@12", ...args], { cwd });
}

/** Gives an installed package its dependencies from outside of this repository; those from inside stand beside it. */
function linkDependencies({ folder, manifest: { name, dependencies, optionalDependencies } }) {
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const target = join(root, folder, "node_modules", dependency);
    const link = join(modules, name, "node_modules", dependency);
    if (dependency.startsWith("@llmproxy/") || !existsSync(target)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(target), link);
  }
}

/** The oldest Node the packages promise to support, from npm. */
function oldestNode(version) {
  const name = `node-${process.platform === "darwin" ? "bin-darwin" : process.platform}-${process.arch}`;
  const { status } = run(
    "npm",
    ["install", "--no-save", "--no-audit", "--prefix", work, `${name}@${version}`],
    { cwd: work },
  );
  if (status === 0) return join(work, "node_modules", name, "bin", "node");
  console.log(`skipped: Node ${version} is not to be had; imports are tried on ${process.version}`);
  return process.execPath;
}

function importComplaints(node, { manifest: { name, exports } }) {
  return Object.keys(exports)
    .map((subpath) => `${name}${subpath.slice(1)}`)
    .flatMap((specifier) => {
      const args = ["--input-type=module", "--eval", `await import("${specifier}");`];
      return complaints(`import "${specifier}"`, node, args, { cwd: join(work, "app") });
    });
}

try {
  const published = readPackages().filter(({ manifest }) => !manifest.private);
  const wrong = published.flatMap(checkPackage);
  published.forEach(linkDependencies);
  const [promised, ...others] = new Set(published.map(({ manifest }) => manifest.engines?.node));
  if (others.length > 0)
    wrong.push(`packages promise different versions of Node: ${[promised, ...others].join(", ")}`);
  const node = oldestNode(`${promised.replace(">=", "")}.0`);
  wrong.push(...published.flatMap((each) => importComplaints(node, each)));
  const nodes = [...new Set([node, process.execPath])];
  wrong.push(...(await sdkComplaints({ app: join(work, "app"), nodes })));
  const packed = published.map(({ manifest }) => ({ manifest, tarball: tarballOf(manifest) }));
  if (wrong.length === 0)
    wrong.push(...(await packedAppComplaints(work, packed, [...new Set([node, process.execPath])])));
  const version = run(node, ["--version"]).output;
  report(
    wrong,
    `${published.length} packages are fit to be published; they load on Node ${version}, and a new application runs`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
