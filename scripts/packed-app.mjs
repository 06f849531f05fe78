/**
 * Makes a new application of the packed packages as a stranger does: installed with npm, compiled with everything strict
 * and the types of dependencies checked, and run.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { complaints, run } from "./commands.mjs";
import { readManifest, root } from "./repository.mjs";

const sources = fileURLToPath(new URL("packed-app", import.meta.url));
const wanted = ["@llmproxy/core", "@llmproxy/sdk"];
const bundle = join(root, "apps/server/dist/main.cjs");

/**
 * What is wrong with an application that has the packages and nothing else of this repository.
 *
 * @param {string} work - a folder for it
 * @param {{ manifest: object, tarball: string }[]} packed - every published package
 * @param {string[]} nodes - the executables of Node it runs on
 * @returns {Promise<string[]>}
 */
export async function packedAppComplaints(work, packed, nodes) {
  const app = join(work, "new-app");
  const installed = closureOf(wanted, packed);
  writeApp(app, installed);
  const wrong = [
    ...complaints("npm install of a new application", "npm", ["install", "--no-audit", "--no-fund"], {
      cwd: app,
    }),
    ...strangers(app, installed, packed),
    ...complaints("types of a new application", join(app, "node_modules/.bin/tsc"), [], { cwd: app }),
  ];
  return wrong.length > 0 ? wrong : runComplaints(work, app, nodes);
}

/** The packages, and those they depend on. Optional peers are what an application need not have. */
function closureOf(names, packed) {
  const found = new Map();
  const add = (name) => {
    const one = packed.find(({ manifest }) => manifest.name === name);
    if (!one || found.has(name)) return;
    found.set(name, one);
    Object.keys(one.manifest.dependencies ?? {}).forEach(add);
  };
  names.forEach(add);
  return [...found.values()];
}

function writeApp(app, installed) {
  const { devDependencies } = readManifest("package.json");
  const types = readManifest("node_modules/@types/node/package.json").version;
  const manifest = {
    name: "new-app",
    private: true,
    type: "module",
    // All of them by name: those that others depend on are not in the registry.
    dependencies: Object.fromEntries(
      installed.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]),
    ),
    devDependencies: { "@types/node": types, typescript: devDependencies.typescript },
  };
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    rootDir: "src",
    outDir: "dist",
  };
  mkdirSync(app);
  cpSync(sources, join(app, "src"), { recursive: true });
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
}

/** Packages that came without having been asked for. */
function strangers(app, installed, packed) {
  return packed
    .filter((one) => !installed.includes(one) && existsSync(join(app, "node_modules", one.manifest.name)))
    .map(({ manifest }) => `a new application needs ${manifest.name}, which is an optional peer`);
}

async function runComplaints(work, app, nodes) {
  await using server = await startServer(join(work, "server"));
  const { PATH } = process.env;
  const env = { PATH, ...server.environment };
  return nodes.flatMap((node) =>
    ["core", "sdk"].flatMap((name) => {
      const what = `a new application with ${name} on Node ${run(node, ["--version"]).output}`;
      return complaints(what, node, [`dist/${name}.js`], { cwd: app, env });
    }),
  );
}

/** Starts the bundled server for the SDK to call. */
async function startServer(folder) {
  mkdirSync(folder);
  const options = { cwd: folder, env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] };
  const child = spawn(process.execPath, [bundle, "serve", "--port", "0"], options);
  const closed = once(child, "close");
  const url = await new Promise((resolve, reject) => {
    let output = "";
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const ready = output.split("\n").find((line) => line.includes('"msg":"ready"') && line.endsWith("}"));
      if (ready) resolve(JSON.parse(ready).url);
    });
    child.once("close", () => reject(new Error(`the server did not start:\n${output}`)));
  });
  const secrets = JSON.parse(readFileSync(join(folder, "data", "bootstrap.json"), "utf8"));
  return {
    environment: {
      LLMPROXY_URL: url,
      LLMPROXY_KEY: secrets.api_key,
      LLMPROXY_MANAGEMENT_TOKEN: secrets.management_token,
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await closed;
    },
  };
}
