/**
 * The configuration as every command finds it.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  type LiveConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  loadConfig,
  watchConfig,
} from "@llmproxy/config";
import type { Logger } from "@llmproxy/spec";
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
  return loadConfig(sourcesOf(host, options, flags));
}

/**
 * Loads the configuration of a host and follows its files.
 *
 * @throws `ConfigError` with every violation
 */
export function watchHostConfig(
  host: Host,
  options: CommonOptions,
  flags: Record<string, unknown>,
  logger: Logger,
): Promise<LiveConfig> {
  return watchConfig({ ...sourcesOf(host, options, flags), logger });
}

/** What the configuration of a host is made from. */
export function sourcesOf(
  host: Host,
  options: CommonOptions,
  flags: Record<string, unknown>,
): LoadConfigOptions {
  return {
    ...(options.config !== undefined && { file: resolve(host.directory, options.config) }),
    directory: host.directory,
    environment: host.environment,
    flags,
  };
}
