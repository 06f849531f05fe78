import { defineConfig } from "vitest/config";

export default defineConfig({
  // Workspace packages are tested from their sources; vitest resolves them the way Node's server side does.
  ssr: { resolve: { conditions: ["@llmproxy/source"] } },
  test: {
    include: [
      "{packages,apps}/*/src/**/*.test.ts",
      "benchmarks/src/**/*.test.ts",
      "scripts/**/*.test.ts",
      "examples/*/*.test.ts",
    ],
    // Tests share no mutable module state, which makes one process per file unnecessary.
    isolate: false,
    testTimeout: 15_000,
    // Says once which real components are absent, whose tests are skipped.
    globalSetup: "scripts/real-components.mjs",
  },
});
