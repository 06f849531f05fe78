/**
 * A value that fits a JSON Schema, as far as tools use it.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { isArray, isObject, objectOf } from "../json/value.ts";

/** How many values an example has at most: arrays in arrays multiply. What is beyond is null. */
const maxValues = 1_000;

/**
 * Makes the smallest value: required properties only, the least number, an array as short as it may be.
 *
 * @param schema - `const`, `default`, `enum`, `type`, `properties`, `required`, `items`, `minItems` and `minimum`
 *   are observed; other keywords are not
 * @param text - what to put wherever a string is wanted
 */
export function exampleOf(schema: JsonObject, text: string): JsonValue {
  return new Examples(text).of(schema);
}

class Examples {
  readonly #text: string;
  #left = maxValues;

  constructor(text: string) {
    this.#text = text;
  }

  of(schema: JsonObject): JsonValue {
    this.#left -= 1;
    const [first] = isArray(schema.enum) ? schema.enum : [];
    const given = schema.const ?? schema.default ?? first;
    if (given !== undefined || this.#left < 0) return given ?? null;
    switch (typeOf(schema)) {
      case "object":
        return this.#object(schema);
      case "array":
        return this.#array(schema);
      case "integer":
      case "number":
        return typeof schema.minimum === "number" ? schema.minimum : 0;
      case "boolean":
        return false;
      case "null":
        return null;
      default:
        return this.#text;
    }
  }

  #object({ properties, required }: JsonObject): JsonObject {
    const names = (isArray(required) ? required : []).filter((name) => typeof name === "string");
    const schemas = objectOf(properties) ?? {};
    const schemaOf = (name: string): JsonObject =>
      objectOf(Object.hasOwn(schemas, name) ? schemas[name] : undefined) ?? {};
    return Object.fromEntries(names.map((name) => [name, this.of(schemaOf(name))]));
  }

  #array({ items, minItems }: JsonObject): JsonValue {
    const length = typeof minItems === "number" ? minItems : 0;
    const values: JsonValue[] = [];
    while (values.length < length && this.#left > 0) values.push(this.of(objectOf(items) ?? {}));
    return values;
  }
}

/** The type; of several the first; an object's where only properties are given. */
function typeOf({ type, properties }: JsonObject): JsonValue | undefined {
  const [first] = isArray(type) ? type : [type];
  return first ?? (isObject(properties) ? "object" : undefined);
}
