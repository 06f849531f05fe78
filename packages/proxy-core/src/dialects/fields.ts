/**
 * Reads members of a request and says exactly which one is wrong and what would be right.
 *
 * @module
 */

import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import { isArray, isObject } from "../json/value.ts";

/** The range of a number. */
export interface Range {
  /** The least value; unbounded when absent. */
  readonly min?: number;
  /** The greatest value; unbounded when absent. */
  readonly max?: number;
}

/**
 * The failure of one field.
 *
 * @param field - its path, e.g. `messages[2].role`
 * @param what - what would be right, to follow "expected"
 */
export function expected(field: string, what: string): ProxyError {
  return new ProxyError("invalid_request", `${field}: expected ${what}`, { field });
}

/**
 * The members of one object. A member that is null counts as absent, as it does for the vendors.
 *
 * Every method throws `invalid_request` with the path in `field` when the member has the wrong type.
 */
export class Fields {
  /** The object itself. */
  readonly json: JsonObject;
  readonly #path: string;

  /**
   * @param json - what to read
   * @param path - where it stands in the request; empty for the request itself
   */
  constructor(json: JsonObject, path: string) {
    this.json = json;
    this.#path = path;
  }

  /** Reads an element of an array, which must be an object. */
  static of(value: JsonValue | undefined, path: string): Fields {
    if (!isObject(value)) throw expected(path, "an object");
    return new Fields(value, path);
  }

  /** The path of a member. */
  path(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  /** A string, or undefined. */
  string(name: string): string | undefined {
    const value = this.json[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    throw expected(this.path(name), "a string");
  }

  /** A string that must be there. */
  requiredString(name: string): string {
    const value = this.json[name];
    if (typeof value === "string") return value;
    throw expected(this.path(name), "a string");
  }

  /** A string that must be there and not be empty. */
  requiredText(name: string): string {
    const value = this.json[name];
    if (typeof value === "string" && value !== "") return value;
    throw expected(this.path(name), "a non-empty string");
  }

  /** A number, or undefined. */
  number(name: string): number | undefined {
    const value = this.json[name] ?? undefined;
    if (value === undefined || typeof value === "number") return value;
    throw expected(this.path(name), "a number");
  }

  /** An integer within `range`, or undefined. */
  integer(name: string, { min = -Infinity, max = Infinity }: Range = {}): number | undefined {
    const value = this.json[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw expected(this.path(name), `an integer${rangeText(min, max)}`);
  }

  /** A boolean, or undefined. */
  boolean(name: string): boolean | undefined {
    const value = this.json[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    throw expected(this.path(name), "true or false");
  }

  /** An object, or undefined. */
  object(name: string): Fields | undefined {
    const value = this.json[name] ?? undefined;
    return value === undefined ? undefined : Fields.of(value, this.path(name));
  }

  /** An object that must be there. */
  requiredObject(name: string): Fields {
    return Fields.of(this.json[name], this.path(name));
  }

  /** An array, or undefined. */
  array(name: string): readonly JsonValue[] | undefined {
    const value = this.json[name] ?? undefined;
    if (value === undefined || isArray(value)) return value;
    throw expected(this.path(name), "an array");
  }
}

function rangeText(min: number, max: number): string {
  if (max === Infinity) return min === -Infinity ? "" : ` of at least ${min}`;
  return min === -Infinity ? ` of at most ${max}` : ` from ${min} to ${max}`;
}
