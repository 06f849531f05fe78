/**
 * Which binding a method and a path mean.
 *
 * @module
 */

import type { RpcRegistry } from "@llmproxy/services";
import { type Binding, bindingsOf } from "./binding.ts";
import { comparePathTemplates, matchPath, type PathValues, pathSignature } from "./path-template.ts";

/** A binding whose path a request has. */
export interface Match {
  readonly binding: Binding;
  readonly pathValues: PathValues;
}

/** What is known at a path. */
export interface PathMatch {
  /** The methods, for `allow`. */
  readonly methods: readonly string[];
  /** The binding of a method; of GET for HEAD. */
  match(method: string): Match | undefined;
}

/** The bindings of a registry. */
export interface Routes {
  readonly bindings: readonly Binding[];
  /** What is known at a path, without its query; undefined where nothing is. */
  find(path: string): PathMatch | undefined;
}

/**
 * Collects the bindings.
 *
 * @throws TypeError when two are reached by the same method and paths, or one does not fit its messages
 */
export function createRoutes(registry: RpcRegistry): Routes {
  const bindings = registry.rpcs.flatMap(bindingsOf);
  checkUnique(bindings);
  const byFirstSegment = Map.groupBy(
    bindings.toSorted((left, right) => comparePathTemplates(left.template, right.template)),
    ({ template: { segments } }) => (segments[0]?.kind === "literal" ? segments[0].text : "*"),
  );
  const everywhere = byFirstSegment.get("*") ?? [];
  return {
    bindings,
    find(path) {
      const [, first = ""] = path.split(/[/:]/, 2);
      const matches = matchesOf([...(byFirstSegment.get(first) ?? []), ...everywhere], path);
      return matches.length === 0 ? undefined : pathMatch(matches);
    },
  };
}

function matchesOf(bindings: readonly Binding[], path: string): readonly Match[] {
  return bindings.flatMap((binding) => {
    const pathValues = matchPath(binding.template, path);
    return pathValues ? [{ binding, pathValues }] : [];
  });
}

function pathMatch(matches: readonly Match[]): PathMatch {
  const find = (method: string): Match | undefined =>
    matches.find(({ binding }) => binding.method === method);
  const methods = [...new Set(matches.map(({ binding }) => binding.method))];
  return {
    methods: methods.includes("GET") && !methods.includes("HEAD") ? [...methods, "HEAD"] : methods,
    match: (method) => find(method) ?? (method === "HEAD" ? find("GET") : undefined),
  };
}

function checkUnique(bindings: readonly Binding[]): void {
  const seen = new Set<string>();
  for (const { method, template } of bindings) {
    const key = `${method} ${pathSignature(template)}`;
    if (seen.has(key)) throw new TypeError(`${method} ${template.text} is declared twice`);
    seen.add(key);
  }
}
