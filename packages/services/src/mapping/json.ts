/**
 * JSON between our vocabulary and messages.
 *
 * @module
 */

import {
  fromJson,
  type JsonObject as ProtoObject,
  type JsonValue as ProtoValue,
  toJson,
} from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import { expected } from "./expected.ts";

/**
 * Reads a `google.protobuf.Value` that must be there.
 *
 * @throws `invalid_request` when it is absent or says nothing
 */
export function readValue(value: Value | undefined, field: string): JsonValue {
  if (value?.kind.case === undefined) throw expected(field, "a JSON value");
  try {
    return toJson(ValueSchema, value);
  } catch {
    // The message may say NaN and infinities, which JSON cannot.
    throw expected(field, "a JSON value, whose numbers are finite");
  }
}

/** Writes a `google.protobuf.Value`. */
export function valueMessage(value: JsonValue): Value {
  return fromJson(ValueSchema, copyOf(value));
}

/** Writes a `google.protobuf.Struct`. */
export function structMessage(object: JsonObject): ProtoObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, copyOf(value)] as const],
    ),
  );
}

/** Far beyond what a vendor sends; whoever decodes a message stops there too. */
const maxDepth = 90;

/** A copy without members that are undefined. */
function copyOf(value: JsonValue, depth = 0): ProtoValue {
  if (typeof value !== "object" || value === null) return value;
  if (depth > maxDepth)
    throw new ProxyError("upstream_failed", "the provider sent JSON that is nested too deeply");
  if (isList(value)) return value.map((item) => copyOf(item, depth + 1));
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [[name, copyOf(member, depth + 1)] as const],
  );
  return Object.fromEntries(members);
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
