/**
 * The entry for browsers as a page would load it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type OutputChunk, rolldown } from "rolldown";

/**
 * Bundles the entry for browsers from its sources.
 *
 * @param format - `iife` defines the global `sdk`, for a `<script>`
 */
export async function bundleForBrowsers(format: "esm" | "iife"): Promise<OutputChunk> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("../browser.ts", import.meta.url)),
    platform: "browser",
    resolve: { conditionNames: ["@llmproxy/source", "browser", "import", "default"] },
  });
  try {
    const { output } = await bundle.generate({ format, name: "sdk" });
    return output[0];
  } finally {
    await bundle.close();
  }
}
