/**
 * Models as configured.
 *
 * @module
 */

import { type Provider, ProxyError, type Target } from "@llmproxy/spec";

/** A name for clients and where it leads. */
export interface ModelDefinition {
  /** Unique among names and aliases. */
  readonly name: string;
  /** Other names for it; none when absent. */
  readonly aliases?: readonly string[] | undefined;
  /** In order of priority; at least one. */
  readonly targets: readonly Target[];
}

/**
 * Checks that names are unique and targets exist.
 *
 * @throws `invalid_request` with the path of the first violation, e.g. `models[1].targets[0].provider`
 */
export function checkModels(models: readonly ModelDefinition[], providers: readonly Provider[]): void {
  const providerNames = new Set(providers.map(({ name }) => name));
  const names = new Set<string>();
  for (const [index, { name, aliases = [], targets }] of models.entries()) {
    const path = `models[${index}]`;
    checkName(name, `${path}.name`, names);
    for (const [position, alias] of aliases.entries())
      checkName(alias, `${path}.aliases[${position}]`, names);
    if (targets.length === 0) throw violation(`${path}.targets`, "is empty, want at least one target");
    for (const [position, { provider }] of targets.entries())
      if (!providerNames.has(provider))
        throw violation(`${path}.targets[${position}].provider`, `is "${provider}", which is not configured`);
  }
}

function checkName(name: string, path: string, names: Set<string>): void {
  if (name === "") throw violation(path, "is empty");
  if (names.has(name)) throw violation(path, `is "${name}", which another model has already`);
  names.add(name);
}

function violation(field: string, what: string): ProxyError {
  return new ProxyError("invalid_request", `${field} ${what}`, { field });
}
