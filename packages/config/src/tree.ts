/**
 * Configuration before it is validated: a tree of maps, lists and scalars.
 *
 * Whatever comes in from outside passes {@link readTree} once; after that a tree is plain JSON of bounded
 * depth without keys that could reach a prototype.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import type { Path } from "./path.ts";
import { type Finding, finding } from "./violation.ts";

/** The deepest nesting of maps and lists; the schema itself needs eight. */
export const maxDepth = 32;

const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether `value` is a map, as opposed to a list or a scalar. */
export function isMap(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` is a list. */
export function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value at `key`, if `value` is a map that has it. */
export function valueAt(value: unknown, key: string): JsonValue | undefined {
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The text at `key`, if `value` is a map that has text there. */
export function textAt(value: unknown, key: string): string | undefined {
  const found = valueAt(value, key);
  return typeof found === "string" ? found : undefined;
}

/** The list at `key`; empty if `value` is not a map or has none there. */
export function listAt(value: unknown, key: string): readonly JsonValue[] {
  const found = valueAt(value, key);
  return isList(found) ? found : [];
}

/** Copies what a parser or a caller gave into a tree; what cannot be part of one is left out and reported. */
export function readTree(value: unknown): { tree: JsonValue | undefined; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const tree = readValue(value, [], findings);
  return { tree, findings };
}

function readValue(value: unknown, path: Path, findings: Finding[]): JsonValue | undefined {
  if (value === null || value === undefined) return value;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (path.length >= maxDepth) {
    findings.push(finding(path, `is nested too deeply, should be at most ${maxDepth} levels deep`));
    return undefined;
  }
  if (Array.isArray(value))
    return value.map((item, index) => readValue(item, [...path, index], findings) ?? null);
  if (isPlainObject(value)) return readMap(value, path, findings);
  findings.push(finding(path, "is a date or another special value, should be text in quotes"));
  return undefined;
}

/** `Object.fromEntries` defines properties instead of assigning them, so no key can reach a setter. */
function readMap(value: object, path: Path, findings: Finding[]): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [key, child] of Object.entries(value)) {
    const childPath = [...path, key];
    if (forbiddenKeys.has(key)) {
      findings.push(finding(childPath, "is not allowed as a key, choose another name"));
      continue;
    }
    const read = readValue(child, childPath, findings);
    if (read !== undefined) entries.push([key, read]);
  }
  return Object.fromEntries(entries);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
