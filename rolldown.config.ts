import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

// CommonJS: an ESM import of `node:http` reads all of its exports, which loads fetch and WebSocket with it and
// doubles the memory of an idle server (docs/decisions/0001-toolchain.md).
export default defineConfig({
  input: { main: "apps/server/src/main.ts", "sqlite-worker": "packages/store/src/sqlite/worker.ts" },
  platform: "node",
  resolve: {
    conditionNames: ["@llmproxy/source", "node", "import", "default"],
    alias: {
      [path("packages/store/src/sqlite/worker-url.ts")]: path("apps/server/src/bundle/sqlite-worker-url.ts"),
    },
  },
  output: {
    dir: "apps/server/dist",
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
