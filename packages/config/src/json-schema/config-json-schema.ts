/**
 * The JSON Schema of the configuration, built when somebody asks.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

/**
 * The schema of the configuration file as JSON Schema, draft 2020-12: every key with its description, default and
 * form. A file that is valid by it may still be refused: it cannot tell bounds of durations and sizes, references
 * between sections, or secrets that cannot be read.
 */
export async function configJsonSchema(): Promise<JsonObject> {
  const { buildJsonSchema } = await import("./build.ts");
  return buildJsonSchema();
}
