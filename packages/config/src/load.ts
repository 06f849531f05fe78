/**
 * Loads the configuration: defaults < file < environment < flags.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";
import { formatPath } from "./path.ts";
import { hidden } from "./redact.ts";
import { type Config, configSchema } from "./schema/config.ts";
import { secretSlots } from "./schema/inspect.ts";
import { listSettings, type Setting } from "./settings.ts";
import { makeSnapshot, type Snapshot } from "./snapshot.ts";
import type { ConfigInput } from "./sources/flags.ts";
import type { ConfigSource } from "./sources/layer.ts";
import { type ReadFile, readSystemFile } from "./sources/read-file.ts";
import { readSources } from "./sources/read-sources.ts";

/** What a configuration is loaded from. */
export interface LoadConfigOptions {
  /** The file to read; by default `llmproxy.yaml`, `.yml`, `.json` or `.toml` in `directory`, or none. */
  readonly file?: string | undefined;
  /** The working directory; `file` and paths given outside the file are relative to it. */
  readonly directory: string;
  /** Environment variables: `LLMPROXY_<SECTION>__<KEY>`, and those that `x_env` settings name. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line; they win over everything else. Default none. */
  readonly flags?: ConfigInput | undefined;
  /** How files are read. Default: from this machine's file system. */
  readonly readFile?: ReadFile | undefined;
}

/** A valid configuration and where its values came from. */
export interface LoadedConfig {
  /** The configuration, deeply frozen. */
  readonly config: Config;
  /** Where each value of {@link LoadedConfig.redacted} came from, by its path, e.g. `server.port`. */
  readonly sources: ReadonlyMap<string, ConfigSource>;
  /** The absolute path of the file that was read; undefined when there was none. */
  readonly file: string | undefined;
  /** The effective configuration as one would write it, defaults included, secrets shown as `[secret]`. */
  redacted(): JsonObject;
  /** The same as a list, one row for each value, with its source and whether a change needs a restart. */
  settings(): readonly Setting[];
  /** The paths of the secrets whose text stands in the file itself, rather than the name of where they are. */
  secretsInFile(): readonly string[];
}

/**
 * Loads and checks the configuration.
 *
 * @throws {ConfigError} with everything that is wrong, at once
 *
 * @example
 * ```ts
 * import { loadConfig } from "@llmproxy/config";
 *
 * const { config, sources } = await loadConfig({
 *   directory: "/etc/llmproxy",
 *   environment: { LLMPROXY_SERVER__PORT: "9000" },
 * });
 * config.server.port; // 9000
 * sources.get("server.port"); // "environment"
 * ```
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const given = { ...options, readFile: options.readFile ?? readSystemFile };
  return loadedOf(await makeSnapshot(await readSources(given), given));
}

/** What others see of a snapshot. */
export function loadedOf(snapshot: Snapshot): LoadedConfig {
  const { config, sources, file, shown } = snapshot;
  return {
    ...{ config, sources, file },
    redacted: () => shown,
    settings: () => listSettings(snapshot),
    secretsInFile: () => secretsInFile(snapshot),
  };
}

function secretsInFile(snapshot: Snapshot): readonly string[] {
  const elsewhere = new Set(
    secretSlots(configSchema, snapshot.tree)
      .filter(({ map, name }) => !Object.hasOwn(map, name))
      .map(({ parent, name }) => formatPath([...parent, name])),
  );
  return listSettings(snapshot)
    .filter(({ path, value, source }) => value === hidden && source === "file" && !elsewhere.has(path))
    .map(({ path }) => path);
}
