/**
 * Loads the configuration: defaults < file < environment < flags.
 *
 * @module
 */

import { dirname } from "node:path";
import type { JsonObject } from "@llmproxy/spec";
import { freezeDeep } from "./freeze.ts";
import { formatPath, isWithin } from "./path.ts";
import { leafPaths, redactMap } from "./redact.ts";
import { checkProviders } from "./rules/providers.ts";
import { checkReferences } from "./rules/references.ts";
import { checkForm } from "./schema/check.ts";
import { type Config, configSchema, type EffectiveInput, makeConfig } from "./schema/config.ts";
import { withoutUnset } from "./schema/unset.ts";
import { checkSupport } from "./schema/unsupported.ts";
import { type FileReading, readConfigFile } from "./sources/config-file.ts";
import { type EnvironmentReading, hasSettings, readEnvironment } from "./sources/environment.ts";
import { type ConfigInput, readFlags } from "./sources/flags.ts";
import { type ConfigSource, type Layer, layerOf, locate, mergeLayers } from "./sources/layer.ts";
import { type ReadFile, readSystemFile } from "./sources/read-file.ts";
import { readSecrets, type SecretReading } from "./sources/secrets.ts";
import { ConfigError, type Finding, firstOfEachPath, type Violation } from "./violation.ts";

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
  const readFile = options.readFile ?? readSystemFile;
  const file = await readConfigFile({ file: options.file, directory: options.directory, readFile });
  const environment = await readVariables(options.environment);
  const flags = readFlags(options.flags ?? {}, configSchema);
  const early = [...file.violations, ...environment.violations];
  // Without the file's settings every further check would report what the file may well say.
  if (file.path !== undefined && !file.layer) throw new ConfigError(early);

  const layers = [...(file.layer ? [file.layer] : []), environment.layer, flags.layer];
  const tree = withoutUnset(mergeLayers(layers, configSchema), configSchema);
  const secrets = await readSecrets(tree, configSchema, {
    environment: options.environment,
    readFile,
    directoryOf: (path) =>
      layerOf(path, layers)?.source === "file" && file.path ? dirname(file.path) : options.directory,
  });
  const form = checkForm(tree);
  const findings = judge({
    form: [...flags.findings, ...(form.findings ?? [])],
    support: checkSupport(tree),
    rules: [...checkProviders(tree), ...checkReferences(tree), ...secrets.findings],
  });
  const violations = join(
    early,
    findings.map((each) => locate(each, layers)),
  );
  if (!form.input || violations.length > 0) throw new ConfigError(violations);
  return loaded({ input: form.input, secrets, layers, file });
}

/** Parsers are loaded where there is something to parse: a start without configuration needs none of them. */
async function readVariables(environment: LoadConfigOptions["environment"]): Promise<EnvironmentReading> {
  if (!hasSettings(environment)) return { layer: { source: "environment", tree: {} }, violations: [] };
  const { parseJson } = await import("./sources/parse-yaml.ts");
  return readEnvironment(environment, configSchema, parseJson);
}

/** Within what this version lacks nothing else is worth saying, and one finding for each path is enough. */
function judge(
  found: Readonly<Record<"form" | "support" | "rules", readonly Finding[]>>,
): readonly Finding[] {
  const rules = found.rules.filter(
    ({ path }) => !found.support.some((lacking) => isWithin(path, lacking.path)),
  );
  return firstOfEachPath([...found.form, ...found.support, ...rules]);
}

/** What is known of a setting from reading it goes before what the checks say about what is left of it. */
function join(early: readonly Violation[], late: readonly Violation[]): readonly Violation[] {
  const known = new Set(early.map(({ path }) => path));
  return [...early, ...late.filter(({ path }) => !known.has(path))];
}

interface LoadedParts {
  readonly input: EffectiveInput;
  readonly secrets: SecretReading;
  readonly layers: readonly Layer[];
  readonly file: FileReading;
}

function loaded({ input, secrets, layers, file }: LoadedParts): LoadedConfig {
  const shown = freezeDeep(redactMap(input, configSchema));
  const sources = new Map(
    leafPaths(shown).map((path) => [formatPath(path), layerOf(path, layers)?.source ?? "default"] as const),
  );
  return {
    config: freezeDeep(makeConfig(input, secrets.at)),
    sources,
    file: file.path,
    redacted: () => shown,
  };
}
