/**
 * The configuration as every command finds it.
 *
 * @module
 */

import { resolve } from "node:path";
import { type LoadedConfig, loadConfig } from "@llmproxy/config";
import type { Host } from "../host.ts";

/** Options every command has. */
export interface CommonOptions {
  readonly dataDir: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Loads the configuration of a host.
 *
 * @param flags - what the command's own flags say, as one more layer
 * @throws `ConfigError` with every violation
 */
export function loadHostConfig(
  host: Host,
  options: CommonOptions,
  flags: Record<string, unknown> = {},
): Promise<LoadedConfig> {
  return loadConfig({
    ...(options.config !== undefined && { file: resolve(host.directory, options.config) }),
    directory: host.directory,
    environment: host.environment,
    flags,
  });
}
