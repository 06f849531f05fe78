/**
 * Whether a setting exists, by the schema of the configuration file; and if not, what would be right.
 *
 * @module
 */

import { configJsonSchema } from "@llmproxy/config";
import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";

const maxShown = 12;

/**
 * Makes sure that a path names a setting or a section.
 *
 * @throws `invalid_request` naming what stands at its place
 */
export async function checkSettingExists(path: string): Promise<void> {
  let schemas: readonly JsonObject[] = [await configJsonSchema()];
  let above = "";
  for (const segment of segmentsOf(path)) {
    const below = schemas.flatMap((schema) => childrenOf(schema, segment));
    if (below.length === 0) throw unknown(path, above, schemas);
    schemas = below;
    above += /^\d+$/.test(segment) ? `[${segment}]` : `${above === "" ? "" : "."}${segment}`;
  }
}

function unknown(path: string, above: string, schemas: readonly JsonObject[]): ProxyError {
  const keys = [
    ...new Set(schemas.flatMap(alternatives).flatMap((one) => Object.keys(objectAt(one, "properties")))),
  ];
  const shown = `${keys.slice(0, maxShown).join(", ")}${keys.length > maxShown ? ", …" : ""}`;
  const where = above === "" ? "the configuration" : above;
  const hint = keys.length === 0 ? `${where} has nothing below it` : `${where} has ${shown}`;
  return new ProxyError("invalid_request", `there is no setting ${JSON.stringify(path)}: ${hint}`, {
    field: "path",
  });
}

/** `providers[0].name` as `providers`, `0`, `name`; keys in quotes may hold anything. */
function segmentsOf(path: string): readonly string[] {
  const pattern = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g;
  return [...path.matchAll(pattern)].map(([, quoted, index, key]) => quoted ?? index ?? key ?? "");
}

function childrenOf(schema: JsonObject, segment: string): readonly JsonObject[] {
  return alternatives(schema).flatMap((one) => {
    if (isUndescribed(one)) return [one];
    const properties = objectAt(one, "properties");
    const child = Object.hasOwn(properties, segment)
      ? properties[segment]
      : (/^\d+$/.test(segment) && one.items) || one.additionalProperties;
    return isObject(child) ? [child] : [];
  });
}

/** Of a map that this version does not support, only the empty one is valid; whoever checks values says so best. */
function isUndescribed({ enum: values }: JsonObject): boolean {
  return Array.isArray(values) && values.some((value) => typeof value === "object" && value !== null);
}

/** A schema itself and everything it may be instead. */
function alternatives(schema: JsonObject): readonly JsonObject[] {
  const inner = [schema.anyOf, schema.oneOf].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : [],
  );
  return [schema, ...inner.flatMap(alternatives)];
}

function objectAt(schema: JsonObject, key: string): JsonObject {
  const value = schema[key];
  return isObject(value) ? value : {};
}

function isObject(value: JsonValue | false | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
