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

/**
 * Checks the files, the environment and what they refer to.
 *
 * @param config - the configuration file; by default the one of the options
 * @throws `ConfigError` with every violation
 */
export async function validateConfig(
  host: Host,
  options: ConfigOptions,
  config = options.config,
): Promise<void> {
  try {
    const { file } = await loadHostConfig(host, { ...options, ...(config !== undefined && { config }) });
    const result = { valid: true, file: file ?? null, violations: [] };
    print(host, options.json, result, `valid: ${file ?? "no file, defaults only"}`);
  } catch (reason) {
    if (options.json && reason instanceof ConfigError)
      print(host, true, { valid: false, violations: [...reason.violations] });
    throw reason;
  }
}
