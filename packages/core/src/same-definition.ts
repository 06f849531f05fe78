/**
 * Whether two definitions say the same.
 *
 * @module
 */

import { Secret } from "@llmproxy/spec";

/** Compares values of a definition: plain data, secrets by what they hold, everything else by identity. */
export function isSameDefinition(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (left instanceof Secret || right instanceof Secret)
    return left instanceof Secret && right instanceof Secret && left.reveal() === right.reveal();
  if (!isPlain(left) || !isPlain(right)) return false;
  const [ours, theirs] = [definedKeys(left), definedKeys(right)];
  return (
    Array.isArray(left) === Array.isArray(right) &&
    ours.length === theirs.length &&
    ours.every((key) => isSameDefinition(left[key], right[key]))
  );
}

/** A member that is undefined says as much as one that is absent. */
function definedKeys(value: Record<string, unknown>): readonly string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
