/**
 * The schema of the configuration as JSON Schema, for editors and other tools.
 *
 * It says what this version takes in one file: form, known keys and words, and what is not supported. It cannot
 * say what goes beyond one value: bounds of durations, references, whether a secret can be read.
 *
 * @see https://json-schema.org/draft/2020-12
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { toJSONSchema } from "zod/mini";
import { configSchema } from "../schema/config.ts";
import { jsonForms } from "../schema/fields.ts";
import { builtKinds } from "../schema/providers.ts";
import { unsupported } from "../schema/unsupported.ts";
import { isList, isMap, readTree, valueAt } from "../tree.ts";
import { descriptions } from "./descriptions.ts";

const secretEnding = /_(?:file|env)$/;

/** Builds the JSON Schema. */
export function buildJsonSchema(): JsonObject {
  const { tree } = readTree(
    toJSONSchema(configSchema, { io: "input", unrepresentable: "any", metadata: jsonForms }),
  );
  const { $schema, ...schema } = isMap(tree) ? tree : {};
  // The loader fills in the one top-level key whose default depends on another.
  const { required: _, ...root } = refine(schema, "");
  return { $schema, title: "Configuration of llmproxy", ...root };
}

/** Makes a schema and everything in it say what this version takes. */
function refine(schema: JsonObject, path: string): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === "properties" && isMap(value)) return [keyword, refineProperties(value, schema, path)];
      return [keyword, value === undefined ? value : refineKeyword(keyword, value, path)];
    }),
  );
}

function refineKeyword(keyword: string, value: JsonValue, path: string): JsonValue {
  if (isList(value) && (keyword === "oneOf" || keyword === "anyOf"))
    return value.filter(isBuilt).map((option) => (isMap(option) ? refine(option, path) : option));
  if (isMap(value) && keyword === "items") return refine(value, `${path}[]`);
  if (isMap(value) && keyword === "additionalProperties") return refine(value, `${path}.*`);
  return value;
}

function refineProperties(properties: JsonObject, parent: JsonObject, path: string): JsonObject {
  const required = valueAt(parent, "required");
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const at = path === "" ? key : `${path}.${key}`;
      const property = refineProperty(isMap(value) ? value : {}, at);
      const isRequired = isList(required) && required.includes(key);
      return [key, isRequired ? property : orNull(property)];
    }),
  );
}

function refineProperty(schema: JsonObject, path: string): JsonObject {
  const { default: byDefault, ...setting } = refine(schema, path);
  // A section's default is that of its settings.
  const isSection = valueAt(setting, "properties") !== undefined;
  const row = unsupported.find((each) => matches(each.path, path));
  const form = row && valueAt(setting, "const") === undefined ? row.json(setting) : setting;
  return {
    description: describe(path, row !== undefined && form !== setting),
    ...form,
    ...(byDefault === undefined || isSection || form.type === "null" ? {} : { default: byDefault }),
  };
}

function describe(path: string, isLimited: boolean): string {
  const words = descriptions.get(path) ?? describeSpelling(path);
  return isLimited ? `${words} Not fully supported by this version.` : words;
}

/** The other spellings of a secret are described by it. */
function describeSpelling(path: string): string {
  const words = descriptions.get(path.replace(secretEnding, "")) ?? "";
  const place = path.endsWith("_env") ? "The variable that holds it" : "The file of mode 0600 that holds it";
  return `${place}: ${words}`;
}

/** `null` means not set, wherever a setting may be missing. */
function orNull(schema: JsonObject): JsonObject {
  const { type, enum: words, const: word, anyOf, oneOf, ...rest } = schema;
  const nulled = { type: "null" };
  if (isList(oneOf)) return { ...rest, oneOf: [...oneOf, nulled] };
  if (isList(anyOf)) return { ...rest, anyOf: anyOf.some(isNullType) ? anyOf : [...anyOf, nulled] };
  const choices = isList(words) ? words : word === undefined ? undefined : [word];
  return {
    ...rest,
    ...(typeof type === "string" && { type: type === "null" ? type : [type, "null"] }),
    ...(choices && { enum: choices.includes(null) ? choices : [...choices, null] }),
  };
}

function isNullType(schema: JsonValue): boolean {
  return valueAt(schema, "type") === "null";
}

/** Whether an alternative is open to this version: the entry of a provider whose kind is not built is none. */
function isBuilt(option: JsonValue): boolean {
  const kind = valueAt(valueAt(option, "properties"), "kind");
  const words = valueAt(kind, "enum");
  return !isList(words) || words.some((word) => builtKinds.some((built) => built === word));
}

/** Rows write `*` for each key of a map, whether its keys are fixed or free. */
function matches(pattern: string, path: string): boolean {
  const segments = path.split(".");
  const patterns = pattern.split(".");
  return (
    segments.length === patterns.length &&
    patterns.every((each, index) => each === segments[index] || each === "*")
  );
}
