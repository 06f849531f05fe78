/**
 * The kinds of value a setting can have. Each says what is right in its error message.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { array, boolean, custom, enum as enumeration, number, refine, registry, string } from "zod/mini";
import { isList, isMap } from "../tree.ts";
import { durationMs, durationPattern, sizeBytes, sizePattern } from "../units.ts";

/** What a check means in JSON Schema. */
interface JsonForm {
  readonly type?: "integer";
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The form of each kind of value whose check zod cannot tell, for `configJsonSchema`. */
export const jsonForms = registry<JsonForm>();

const anyText = /^.+$/su;

/** What zod tells about a value that failed. */
interface FailedValue {
  readonly input?: unknown;
}

/** Node's timers hold 2^31 − 1 ms; a duration that is waited for stays below. */
const longestWait = "24d";

/** An error message that shows the value: `is "abc", should be a list`. */
export function expected(what: string): { error: (failed: FailedValue) => string } {
  return { error: ({ input }) => `is ${describeValue(input)}, should be ${what}` };
}

/** The same, for values that may hold a secret: only their type is shown. */
function expectedUnseen(what: string): { error: (failed: FailedValue) => string } {
  return { error: ({ input }) => `is ${describeType(input)}, should be ${what}` };
}

/** `true` or `false`. */
export function flag() {
  return boolean(expected("true or false"));
}

/** Non-empty text that matches `pattern`. */
export function text(what: string, pattern = anyText) {
  const message = expected(what);
  return string(message)
    .check(refine((value) => pattern.test(value), message))
    .register(jsonForms, pattern === anyText ? { minLength: 1 } : { pattern: pattern.source });
}

/** Text of which messages show nothing, because it may hold a secret. */
export function unseenText(what: string, pattern: RegExp, accepts = (value: string) => pattern.test(value)) {
  const message = expectedUnseen(what);
  return string(message).check(refine(accepts, message)).register(jsonForms, { pattern: pattern.source });
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(words: Words) {
  return enumeration(words, expected(alternatives(words)));
}

/** A number without fraction, bounds included. */
export function wholeNumber(minimum: number, maximum: number) {
  const message = expected(`a whole number from ${minimum} to ${maximum}`);
  return number(message)
    .check(refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, message))
    .register(jsonForms, { type: "integer", minimum, maximum });
}

/** A number, bounds included. */
export function decimal(minimum: number, maximum: number) {
  const message = expected(`a number from ${minimum} to ${maximum}`);
  return number(message)
    .check(refine((value) => value >= minimum && value <= maximum, message))
    .register(jsonForms, { minimum, maximum });
}

/** A duration with a unit, bounds included; stays text until the configuration is made. */
export function duration(minimum: string, maximum = longestWait) {
  const message = expected(`a duration from ${minimum} to ${maximum}, such as 250ms, 30s, 5m or 12h`);
  const [low, high] = [durationMs(minimum), durationMs(maximum)];
  return string(message)
    .check(refine((value) => durationMs(value) >= low && durationMs(value) <= high, message))
    .register(jsonForms, { pattern: durationPattern });
}

/** A size with a unit, bounds included; stays text until the configuration is made. */
export function size(minimum: string, maximum: string) {
  const message = expected(`a size from ${minimum} to ${maximum}, such as 64KiB or 32MiB`);
  const [low, high] = [sizeBytes(minimum), sizeBytes(maximum)];
  return string(message)
    .check(refine((value) => sizeBytes(value) >= low && sizeBytes(value) <= high, message))
    .register(jsonForms, { pattern: sizePattern });
}

/** A list of text. */
export function textList(what: string) {
  return array(text(what), aList);
}

/** Any value: the inside of a section that no version has given a form yet. */
export function anything() {
  return custom<JsonValue>(() => true);
}

/** For maps. */
export const aMap = expected("a map");

/** For lists. */
export const aList = expected("a list");

/**
 * Text that is a secret, given inline. A map that has `x` of this schema also takes `x_file` and `x_env`;
 * the loader knows secrets by the identity of this schema.
 */
export const secretText = string(expectedUnseen("text"));

/** Text that may hold a secret and has no other spellings: header values. Shown as `[secret]`. */
export const maskedText = string(expectedUnseen("text"));

/** The name of an environment variable. */
export function variableName() {
  return text("the name of an environment variable", /^[A-Za-z_]\w*$/);
}

/** Writes words as a choice: `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

/** Names a value in a message: short text as it is, otherwise what kind of thing it is. */
function describeValue(value: unknown): string {
  if (typeof value === "string" && value.length <= 60) return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return describeType(value);
}

function describeType(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (isList(value)) return "a list";
  if (isMap(value)) return "a map";
  if (typeof value === "string") return value === "" ? "empty" : "text";
  return `a ${typeof value}`;
}
