/**
 * Turns whatever code puts into a log event into plain JSON data: bounded, scrubbed, without surprises.
 *
 * @module
 */

import type { JsonValue, LogFields } from "@llmproxy/spec";
import type { Scrubber } from "./scrubber.ts";

/** How fields are read. */
export interface LoggableOptions {
  readonly scrub: Scrubber;
  /** Whether errors show their stack. */
  readonly stacks: boolean;
}

const maxDepth = 6;
const maxValues = 200;
/** How much of a text is shown, in characters. */
export const maxStringLength = 4_096;
// A secret that begins just before the cut is seen whole; a 4096-bit RSA key in PEM takes 3,300 characters.
const scrubAheadLength = 4_096;
const cutMark = "…";
const secretNames =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|api[-_]?key|password|secret|private[-_]?key)$/i;
// What every line has of its own.
const reservedNames: ReadonlySet<string> = new Set(["time", "level", "msg"]);

/** Whether a field of this name is shown under it, with its value. */
export function isOrdinaryName(name: string): boolean {
  return !reservedNames.has(name) && !secretNames.test(name);
}

/**
 * Reads the fields of an event. Strings are scrubbed and cut at 4,096 characters; at most 200 values, 6 deep,
 * are read, and the rest is left out; a value whose name says that it is secret is not shown; errors show
 * code, message and causes; bytes show their number. A field named like one of the line's own (`time`,
 * `level`, `msg`) gets the prefix `field_`. Never throws.
 *
 * @param inherited - fields that go before, unless `fields` has the same name
 */
export function loggableFields(
  fields: LogFields,
  options: LoggableOptions,
  inherited: LogFields = {},
): Record<string, JsonValue> {
  try {
    const reader = new Reader(options);
    const read: Record<string, JsonValue> = {};
    for (const [name, value] of Object.entries({ ...inherited, ...fields }))
      reader.readInto(read, reservedNames.has(name) ? `field_${name}` : name, value);
    return read;
  } catch {
    // A getter or a toJSON of the value threw; the event itself must not be lost.
    const names = [...Object.keys(inherited), ...Object.keys(fields)].join(" ");
    return { unreadable: loggableText(names, options.scrub) };
  }
}

/** Scrubs a text and cuts it at 4,096 characters. */
export function loggableText(text: string, scrub: Scrubber): string {
  if (text.length <= maxStringLength) return scrub(text);
  const scrubbed = scrub(text.slice(0, maxStringLength + scrubAheadLength));
  return scrubbed.slice(0, maxStringLength) + cutMark;
}

class Reader {
  readonly #options: LoggableOptions;
  #valuesLeft = maxValues;

  constructor(options: LoggableOptions) {
    this.#options = options;
  }

  readInto(target: Record<string, JsonValue>, name: string, value: unknown, depth = 0): void {
    const read = secretNames.test(name) && value !== undefined ? "[secret]" : this.#read(value, depth);
    if (read !== undefined) target[this.#text(name)] = read;
  }

  #read(value: unknown, depth: number): JsonValue | undefined {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        return String(value);
      case "object":
        return value === null ? null : this.#readObject(value, depth);
      default:
        return undefined;
    }
  }

  #readObject(value: object, depth: number): JsonValue {
    if (depth > maxDepth || this.#valuesLeft <= 0) return cutMark;
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Error)
      return this.#entries(Object.entries(errorFields(value, this.#options)), depth);
    if (value instanceof Map) return this.#entries(value.entries(), depth);
    if (Array.isArray(value) || value instanceof Set) return this.#items(value, depth);
    if ("toJSON" in value && typeof value.toJSON === "function")
      return this.#read(value.toJSON(), depth + 1) ?? null;
    return this.#entries(Object.entries(value), depth);
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>, depth: number): JsonValue {
    const read: Record<string, JsonValue> = {};
    for (const [name, value] of entries) {
      if (this.#valuesLeft-- <= 0) break;
      this.readInto(read, String(name), value, depth + 1);
    }
    return read;
  }

  #items(items: Iterable<unknown>, depth: number): JsonValue {
    const read: JsonValue[] = [];
    for (const item of items) {
      if (this.#valuesLeft-- <= 0) break;
      read.push(this.#read(item, depth + 1) ?? null);
    }
    return read;
  }

  #text(text: string): string {
    return loggableText(text, this.#options.scrub);
  }
}

/** What is shown of an error; other fields of it may hold anything, such as the request that failed. */
function errorFields(error: Error, { stacks }: LoggableOptions): object {
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code !== "object" ? error.code : undefined;
  const errors = error instanceof AggregateError ? error.errors : undefined;
  return {
    name: name === "Error" ? undefined : name,
    code,
    message,
    cause,
    errors,
    stack: stacks ? stack : undefined,
  };
}
