/**
 * `llmproxy config schema`: the JSON Schema of the configuration file.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { configJsonSchema } from "@llmproxy/config";
import { ProxyError } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";

/** Prints the schema, or writes it to a file. */
export async function writeSchema(host: Host, { output, json }: ConfigOptions): Promise<void> {
  const schema = await configJsonSchema();
  if (output === undefined) {
    print(host, true, schema);
    return;
  }
  const file = resolve(host.directory, output);
  try {
    await writeFile(file, `${JSON.stringify(schema, undefined, 2)}\n`);
  } catch (reason) {
    throw new ProxyError("unavailable", `${file} cannot be written`, { cause: reason });
  }
  print(host, json, { file }, `wrote ${file}; editors use it by: # yaml-language-server: $schema=${output}`);
}
