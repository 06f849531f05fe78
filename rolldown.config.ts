import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "rolldown";

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const docsProgram = "openapi-explorer.min.js.gz";

/** Puts the program of the documentation beside the bundle, which reads it when somebody asks for it. */
const copyDocsProgram: Plugin = {
  name: "copy-docs-program",
  generateBundle() {
    const source = readFileSync(path(`packages/rest/assets/${docsProgram}`));
    this.emitFile({ type: "asset", fileName: docsProgram, source });
  },
};

const notNeeded = /[\\/]undici[\\/]lib[\\/](?:dispatcher[\\/](?:client-h2|parser-h1)|web[\\/].*)\.js$/;

/**
 * Leaves out what undici's client names and this server never uses: HTTP/2 alone, which it would load with its first
 * request, costs 10 MB.
 */
const leaveOutOfUndici: Plugin = {
  name: "leave-out-of-undici",
  load: (id) => (notNeeded.test(id) ? "module.exports = { getMiloEnabled: () => false };" : undefined),
};

/**
 * The bundle of an app.
 *
 * CommonJS: an ESM import of `node:http` reads all of its exports, which loads fetch and WebSocket with it and
 * doubles the memory of an idle server (docs/decisions/0001-toolchain.md).
 */
export const bundleOf = (app: string) =>
  defineConfig({
    input: { main: `apps/${app}/src/main.ts`, "sqlite-worker": "packages/store/src/sqlite/worker.ts" },
    platform: "node",
    resolve: {
      conditionNames: ["@llmproxy/source", "node", "import", "default"],
      alias: {
        [path("packages/store/src/sqlite/worker-url.ts")]: path(
          "apps/server/src/bundle/sqlite-worker-url.ts",
        ),
        [path("packages/rest/src/docs/asset-url.ts")]: path("apps/server/src/bundle/docs-asset-url.ts"),
      },
    },
    plugins: [copyDocsProgram, leaveOutOfUndici],
    output: {
      dir: `apps/${app}/dist`,
      format: "cjs",
      // Each megabyte of code costs two of memory. The maps beside the bundle are for `node --enable-source-maps`, which
      // costs 50 MB and is therefore not the default.
      minify: true,
      sourcemap: true,
      // A server that runs from an earlier bundle still loads parts of it: they keep their names, and stay.
      cleanDir: false,
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name]-[hash].cjs",
    },
  });
