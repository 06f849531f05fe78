/**
 * Small questions about JSON from strangers.
 *
 * A member named `__proto__` is a member like any other here.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";

/** What {@link defined} returns: a member that may be undefined becomes one that may be absent. */
export type Defined<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/** Whether `value` is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` is a JSON array. */
export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** `value` if it is a JSON object. */
export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** `value` if it is a string with something in it. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The members of `object` that `isWanted`. */
export function filter<T>(
  object: { readonly [name: string]: T },
  isWanted: (name: string, value: T) => boolean,
): { readonly [name: string]: T } {
  const members: { [name: string]: T } = {};
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== undefined && isWanted(name, value)) set(members, name, value);
  }
  return members;
}

/** Assigning to `__proto__` would change the prototype. */
function set<T>(members: { [name: string]: T }, name: string, value: T): void {
  if (name !== "__proto__") members[name] = value;
  else Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The members of `object` without those named; a named one whose value is null stays, as nobody reads a null. */
export function rest(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return filter(object, (name, value) => value === null || !names.has(name));
}

/** The object without its undefined members. */
export function defined<T extends object>(object: T): Defined<T>;
export function defined(object: { readonly [name: string]: unknown }): object {
  return filter(object, (_, value) => value !== undefined);
}

/** `object`, or undefined when it has no members. */
export function unlessEmpty(object: JsonObject): JsonObject | undefined {
  for (const _ in object) return object;
  return undefined;
}

/** Whether two JSON values are equal, whatever the order of members. */
export function sameJson(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (isArray(left)) return isArray(right) && sameItems(left, right);
  return isObject(left) && isObject(right) && sameMembers(left, right);
}

function sameItems(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
}

function sameMembers(left: JsonObject, right: JsonObject): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]));
}

/** Whether arrays and objects stand more than `maxDepth` deep in one another; looks no deeper than that. */
export function isDeeperThan(value: JsonValue | undefined, maxDepth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (maxDepth === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, maxDepth - 1));
}
