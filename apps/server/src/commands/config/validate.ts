/**
 * `llmproxy config validate`: whether the configuration can be started with.
 *
 * @module
 */

import { ConfigError } from "@llmproxy/config";
import type { Host } from "../../host.ts";
import { loadHostConfig } from "../load-host-config.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";

/** Checks the files, the environment and what they refer to. @throws `ConfigError` with every violation */
export async function validateConfig(host: Host, options: ConfigOptions): Promise<void> {
  try {
    const { file } = await loadHostConfig(host, options);
    const result = { valid: true, file: file ?? null, violations: [] };
    print(host, options.json, result, `valid: ${file ?? "no file, defaults only"}`);
  } catch (reason) {
    if (options.json && reason instanceof ConfigError)
      print(host, true, { valid: false, violations: [...reason.violations] });
    throw reason;
  }
}
