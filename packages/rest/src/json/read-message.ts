/**
 * Messages from JSON, with everything that is wrong and where.
 *
 * `fromJson` of protobuf-es stops at the first mistake and names the field but not the path to it.
 *
 * @see https://protobuf.dev/programming-guides/json/
 * @module
 */

import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { suggestion } from "./nearest.ts";
import { enumExpectation, readEnum, readScalar, readScalarText, scalarExpectation } from "./read-scalar.ts";
import { fieldNames, findField, type ValueType, valueTypeOf } from "./value-type.ts";
import { elementPath, memberPath, type Violations } from "./violations.ts";
import { isWrapper, readsNull, readWellKnown, wellKnownOf } from "./well-known.ts";

/** Reads the members of an object into the fields of a message. */
export function readMembers(
  target: ReflectMessage,
  json: JsonValue,
  path: string,
  violations: Violations,
): void {
  if (!isObject(json)) {
    violations.add(path, "expected an object");
    return;
  }
  const seen = new Set<DescField | DescOneof>();
  for (const name of Object.keys(json)) {
    const value = json[name] ?? null;
    if (violations.isFull) return;
    const field = findField(target.desc, name);
    const at = memberPath(path, name);
    if (!field) violations.add(at, `unknown field${suggestion(name, fieldNames(target.desc))}`);
    else if (isFirst(seen, field, value, at, violations)) readField(target, field, value, at, violations);
  }
}

/** Of a field's two names, and of the fields of a oneof, a request may give one. */
function isFirst(
  seen: Set<DescField | DescOneof>,
  field: DescField,
  value: JsonValue,
  path: string,
  violations: Violations,
): boolean {
  const { oneof } = field;
  if (seen.has(field)) violations.add(path, "given twice");
  else if (oneof && value !== null && seen.has(oneof))
    violations.add(path, `expected only one of ${oneof.fields.map(({ name }) => name).join(", ")}`);
  else {
    seen.add(field);
    if (oneof && value !== null) seen.add(oneof);
    return true;
  }
  return false;
}

/** Reads the value of one field; null is its absence. */
export function readField(
  target: ReflectMessage,
  field: DescField,
  json: JsonValue,
  path: string,
  violations: Violations,
): void {
  if (json === null && !(field.fieldKind === "message" && readsNull(field.message))) return;
  if (field.fieldKind === "list") readList(target, field, json, path, violations);
  else if (field.fieldKind === "map") readMap(target, field, json, path, violations);
  else {
    const value = readValue(valueTypeOf(field), json, path, violations);
    if (value !== undefined) target.set(field, value);
  }
}

function readList(
  target: ReflectMessage,
  field: DescField & { readonly fieldKind: "list" },
  json: JsonValue,
  path: string,
  violations: Violations,
): void {
  if (!Array.isArray(json)) {
    violations.add(path, "expected an array");
    return;
  }
  const list = target.get(field);
  const type = valueTypeOf(field);
  for (const [index, element] of json.entries()) {
    if (violations.isFull) return;
    const value = readValue(type, element, elementPath(path, index), violations);
    if (value !== undefined) list.add(value);
  }
}

function readMap(
  target: ReflectMessage,
  field: DescField & { readonly fieldKind: "map" },
  json: JsonValue,
  path: string,
  violations: Violations,
): void {
  if (!isObject(json)) {
    violations.add(path, "expected an object");
    return;
  }
  const map = target.get(field);
  const type = valueTypeOf(field);
  for (const name of Object.keys(json)) {
    const member = json[name] ?? null;
    if (violations.isFull) return;
    const at = memberPath(path, name);
    const key = readScalarText(field.mapKey, name);
    if (key === undefined) violations.add(at, `expected ${scalarExpectation(field.mapKey)} as name`);
    const value = readValue(type, member, at, violations);
    if (key !== undefined && value !== undefined) map.set(key, value);
  }
}

/** The value as reflection takes it; undefined when it is not of the type. */
function readValue(type: ValueType, json: JsonValue, path: string, violations: Violations): unknown {
  if (type.kind === "message") return readMessage(type.message, json, path, violations);
  const isEnum = type.kind === "enum";
  const value = isEnum ? readEnum(type.enum, json) : readScalar(type.scalar, json);
  if (value === undefined)
    violations.add(path, `expected ${isEnum ? enumExpectation(type.enum) : scalarExpectation(type.scalar)}`);
  return value;
}

/** Reads a message in whatever form it has in JSON. */
export function readMessage(
  schema: DescMessage,
  json: JsonValue,
  path: string,
  violations: Violations,
): ReflectMessage | undefined {
  const form = wellKnownOf(schema);
  if (form) {
    const message = readWellKnown(schema, json);
    if (!message) violations.add(path, `expected ${form.expected}`);
    return message;
  }
  const message = reflect(schema);
  const [only] = schema.fields;
  if (!isWrapper(schema) || !only) readMembers(message, json, path, violations);
  else {
    const value = readValue(valueTypeOf(only), json, path, violations);
    if (value !== undefined) message.set(only, value);
  }
  return message;
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
