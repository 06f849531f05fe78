/**
 * What must hold between sections: names are unique and what is referred to exists.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { nearest } from "../nearest.ts";
import { formatPath, type Path } from "../path.ts";
import { directModelsByDefault } from "../schema/config.ts";
import { isList, listAt, textAt, valueAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";

/** A name and where it is given. */
interface Named {
  readonly name: string;
  readonly path: Path;
}

/** Checks names and references. Values of the wrong type are left to the schema. */
export function checkReferences(tree: JsonValue): readonly Finding[] {
  const models = modelNames(tree);
  return [
    ...duplicates(providerNames(tree)),
    ...duplicates(models),
    ...emptyTargets(tree),
    ...unknownProviders(tree),
    ...unknownDefaultModel(tree, models),
  ];
}

function providerNames(tree: JsonValue): readonly Named[] {
  return named(listAt(tree, "providers"), ["providers"]);
}

function modelNames(tree: JsonValue): readonly Named[] {
  return listAt(tree, "models").flatMap((model, index) => {
    const path = ["models", index];
    const name = textAt(model, "name");
    const aliases = listAt(model, "aliases").flatMap((alias, position) =>
      typeof alias === "string" ? [{ name: alias, path: [...path, "aliases", position] }] : [],
    );
    return name === undefined ? aliases : [{ name, path: [...path, "name"] }, ...aliases];
  });
}

function named(entries: readonly JsonValue[], path: Path): readonly Named[] {
  return entries.flatMap((entry, index) => {
    const name = textAt(entry, "name");
    return name === undefined ? [] : [{ name, path: [...path, index, "name"] }];
  });
}

function duplicates(names: readonly Named[]): readonly Finding[] {
  const first = new Map<string, Path>();
  return names.flatMap(({ name, path }) => {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, path);
      return [];
    }
    return [finding(path, `is ${JSON.stringify(name)} like ${formatPath(earlier)}, should be another name`)];
  });
}

function emptyTargets(tree: JsonValue): readonly Finding[] {
  return listAt(tree, "models").flatMap((model, index) => {
    const targets = valueAt(model, "targets");
    if (!isList(targets) || targets.length > 0) return [];
    return [finding(["models", index, "targets"], "is empty, should hold at least one target")];
  });
}

function unknownProviders(tree: JsonValue): readonly Finding[] {
  const providers = valueAt(tree, "providers");
  // Without the key there is the built-in provider; with something else than a list, nothing is known.
  if (providers !== undefined && !isList(providers)) return [];
  const known = providers === undefined ? ["echo"] : providerNames(tree).map(({ name }) => name);
  return listAt(tree, "models").flatMap((model, modelIndex) =>
    listAt(model, "targets").flatMap((target, targetIndex) => {
      const provider = textAt(target, "provider");
      if (provider === undefined || known.includes(provider)) return [];
      const path = ["models", modelIndex, "targets", targetIndex, "provider"];
      return [finding(path, `is ${JSON.stringify(provider)}, ${suggest("provider", provider, known)}`)];
    }),
  );
}

/** Where providers can be named directly, any name may be a model of theirs, known only when it is asked for. */
function unknownDefaultModel(tree: JsonValue, models: readonly Named[]): readonly Finding[] {
  const name = textAt(tree, "default_model");
  const direct = valueAt(tree, "direct_models") ?? directModelsByDefault(listAt(tree, "models"));
  const known = models.map((model) => model.name);
  if (name === undefined || direct !== false || known.includes(name)) return [];
  return [finding(["default_model"], `is ${JSON.stringify(name)}, ${suggest("model", name, known)}`)];
}

function suggest(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== undefined) return `which is no configured ${what}, did you mean ${near}?`;
  if (known.length === 0) return `but no ${what} is configured`;
  const shown = known.slice(0, 10).join(", ");
  return `which is no configured ${what}, should be one of ${shown}${known.length > 10 ? ", …" : ""}`;
}
