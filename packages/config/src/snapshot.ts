/**
 * From what was read to a valid configuration: layers are merged, secrets read, everything checked at once.
 *
 * @module
 */

import { dirname } from "node:path";
import type { JsonObject } from "@llmproxy/spec";
import { freezeDeep } from "./freeze.ts";
import { formatPath, isWithin, type Path } from "./path.ts";
import { leafPaths, redactMap } from "./redact.ts";
import { checkJwtIssuers } from "./rules/jwt.ts";
import { checkProviders } from "./rules/providers.ts";
import { checkReferences } from "./rules/references.ts";
import { checkForm } from "./schema/check.ts";
import { type Config, configSchema, type EffectiveInput, makeConfig } from "./schema/config.ts";
import { withoutUnset } from "./schema/unset.ts";
import { checkSupport } from "./schema/unsupported.ts";
import { discoverProviders } from "./sources/discovered.ts";
import { type ConfigSource, type Layer, layerOf, locate, mergeLayers, type Patch } from "./sources/layer.ts";
import { applyPatches, overrideLayer } from "./sources/overrides.ts";
import type { SourceOptions, Sources } from "./sources/read-sources.ts";
import { readSecrets, type SecretReading } from "./sources/secrets.ts";
import { ConfigError, type Finding, firstOfEachPath, type Violation } from "./violation.ts";

/** A valid configuration with what is needed to show it, compare it and derive others from it. */
export interface Snapshot {
  /** What was said, without defaults. */
  readonly tree: JsonObject;
  /** The same in the user's spelling, complete with defaults. */
  readonly input: EffectiveInput;
  /** Its secrets. */
  readonly secrets: SecretReading;
  /** What the server reads; deeply frozen. */
  readonly config: Config;
  /** What may be shown of {@link Snapshot.input}; deeply frozen. */
  readonly shown: JsonObject;
  /** Where each value of {@link Snapshot.shown} came from. */
  readonly sources: ReadonlyMap<string, ConfigSource>;
  /** The configuration file; undefined when there is none. */
  readonly file: string | undefined;
}

/** What a snapshot is made of. */
export interface Proposal {
  /** What is said, without defaults and without settings that are `null`. */
  readonly tree: JsonObject;
  /** The secrets of the tree. */
  readonly secrets: SecretReading;
  /** Where values came from, for messages. */
  readonly layers: readonly Layer[];
  /** Where a value came from, to be shown. */
  readonly sourceOf: (path: Path) => ConfigSource;
  /** The configuration file. */
  readonly file: string | undefined;
  /** What is known to be wrong before anything is checked. */
  readonly violations?: readonly Violation[];
  /** The same, of settings. */
  readonly findings?: readonly Finding[];
}

/**
 * Makes a snapshot of what was read.
 *
 * @param patches - runtime overrides
 * @throws {ConfigError} with everything that is wrong
 */
export async function makeSnapshot(
  sources: Sources,
  options: SourceOptions,
  patches: readonly Patch[] = [],
): Promise<Snapshot> {
  const layers = [...sources.layers, overrideLayer(patches)];
  const merged = withoutUnset(mergeLayers(sources.layers, configSchema), configSchema);
  const discovered = Object.hasOwn(merged, "providers") ? undefined : discoverProviders(options.environment);
  const patched = applyPatches({ ...discovered, ...merged }, patches, configSchema);
  const tree = withoutUnset(patched.tree, configSchema);
  const known: readonly Layer[] = discovered
    ? [{ source: "environment", tree: discovered }, ...layers]
    : layers;
  const { file } = sources;
  const secrets = await readSecrets(tree, configSchema, {
    environment: options.environment,
    readFile: options.readFile,
    directoryOf: (path) =>
      layerOf(path, known)?.source === "file" && file !== undefined ? dirname(file) : options.directory,
  });
  return assess({
    tree,
    secrets,
    layers: known,
    sourceOf: (path) => layerOf(path, known)?.source ?? "default",
    file,
    violations: sources.violations,
    findings: [...sources.findings, ...patched.findings],
  });
}

/**
 * Checks a proposal and makes a snapshot of it.
 *
 * @throws {ConfigError} with everything that is wrong
 */
export function assess(proposal: Proposal): Snapshot {
  const { tree, secrets, layers } = proposal;
  const form = checkForm(tree);
  const findings = judge({
    form: [...(proposal.findings ?? []), ...(form.findings ?? [])],
    support: checkSupport(tree),
    rules: [...checkProviders(tree), ...checkReferences(tree), ...checkJwtIssuers(tree), ...secrets.findings],
  });
  const violations = join(
    proposal.violations ?? [],
    findings.map((each) => locate(each, layers)),
  );
  if (!form.input || violations.length > 0) throw new ConfigError(violations);
  return snapshotOf(form.input, proposal);
}

function snapshotOf(input: EffectiveInput, { tree, secrets, sourceOf, file }: Proposal): Snapshot {
  const shown = freezeDeep(redactMap(input, configSchema));
  const sources = new Map(leafPaths(shown).map((path) => [formatPath(path), sourceOf(path)] as const));
  const config = freezeDeep(makeConfig(input, secrets.at));
  return { tree, input, secrets, config, shown, sources, file };
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
