/**
 * Overrides for one call tree.
 *
 * @module
 */

import { formatPath, isWithin, type Path } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import { withoutUnset } from "../schema/unset.ts";
import { assess, type Snapshot } from "../snapshot.ts";
import type { ConfigInput } from "../sources/flags.ts";
import { layerOf } from "../sources/layer.ts";
import { applyPatches, overrideLayer, spellingsOf } from "../sources/overrides.ts";
import { readSecretsNow } from "../sources/secrets.ts";
import { readOverrides } from "./override-input.ts";

/** What a snapshot is derived with. */
export interface ScopeOptions {
  /** The variables that `x_env` settings name. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where settings that need a restart should be written, for messages. */
  readonly file: string;
}

/**
 * Derives a configuration from one in effect, without waiting: files are not read.
 *
 * @throws {ConfigError} with everything that is wrong
 */
export function deriveSnapshot(base: Snapshot, partial: ConfigInput, options: ScopeOptions): Snapshot {
  const patches = readOverrides(partial, options.file);
  const patched = applyPatches(base.tree, patches, configSchema);
  const tree = withoutUnset(patched.tree, configSchema);
  const isOverridden = (secret: Path) =>
    spellingsOf(secret, configSchema).some((path) => patches.some((patch) => isWithin(path, patch.path)));
  const secrets = readSecretsNow(tree, configSchema, {
    environment: options.environment,
    known: (path) => (isOverridden(path) ? undefined : base.secrets.at(path)),
  });
  const layers = [overrideLayer(patches)];
  return assess({
    tree,
    secrets,
    layers,
    sourceOf: (path) => layerOf(path, layers)?.source ?? base.sources.get(formatPath(path)) ?? "default",
    file: base.file,
    findings: patched.findings,
  });
}
