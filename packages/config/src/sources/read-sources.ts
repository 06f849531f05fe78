/**
 * Reads everything a configuration is made of.
 *
 * @module
 */

import { configSchema } from "../schema/config.ts";
import type { Finding, Violation } from "../violation.ts";
import { ConfigError } from "../violation.ts";
import { readConfigFile } from "./config-file.ts";
import { type EnvironmentReading, hasSettings, readEnvironment } from "./environment.ts";
import { type ConfigInput, readFlags } from "./flags.ts";
import type { Layer } from "./layer.ts";
import type { ReadFile } from "./read-file.ts";

/** What to read. */
export interface SourceOptions {
  /** The file that was asked for; absent to look for one. */
  readonly file?: string | undefined;
  /** What paths are relative to, and where to look. */
  readonly directory: string;
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line. */
  readonly flags?: ConfigInput | undefined;
  /** How files are read. */
  readonly readFile: ReadFile;
}

/** What was read. */
export interface Sources {
  /** Later ones win. */
  readonly layers: readonly Layer[];
  /** The path of the configuration file; undefined when there is none. */
  readonly file: string | undefined;
  /** What is wrong with the file and the environment as such. */
  readonly violations: readonly Violation[];
  /** What is wrong with the flags as such. */
  readonly findings: readonly Finding[];
}

/**
 * Reads file, environment and flags.
 *
 * @throws {ConfigError} when there is a file and it says nothing: every further check would report what it may
 *   well say
 */
export async function readSources(options: SourceOptions): Promise<Sources> {
  const file = await readConfigFile({ ...options, file: options.file });
  const environment = await readVariables(options.environment);
  const flags = readFlags(options.flags ?? {}, configSchema);
  const violations = [...file.violations, ...environment.violations];
  if (file.path !== undefined && !file.layer) throw new ConfigError(violations);
  return {
    layers: [...(file.layer ? [file.layer] : []), environment.layer, flags.layer],
    file: file.path,
    violations,
    findings: flags.findings,
  };
}

/** Parsers are loaded where there is something to parse: a start without configuration needs none of them. */
async function readVariables(environment: SourceOptions["environment"]): Promise<EnvironmentReading> {
  if (!hasSettings(environment)) return { layer: { source: "environment", tree: {} }, violations: [] };
  const { parseJson } = await import("./parse-yaml.ts");
  return readEnvironment(environment, configSchema, parseJson);
}
