/**
 * Scalars, enums and Google's messages with a form of their own as JSON Schema (2020-12).
 *
 * @module
 */

import { type DescEnum, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { JsonObject } from "@llmproxy/spec";
import { valueTypeOf } from "../json/value-type.ts";
import { isWrapper } from "../json/well-known.ts";
import { docsOf } from "./docs.ts";

const int32 = { type: "integer", format: "int32", minimum: -0x80000000, maximum: 0x7fffffff };
const uint32 = { type: "integer", format: "int64", minimum: 0, maximum: 0xffffffff };
/** Beyond 2^53 they are strings. */
const int64 = { type: ["integer", "string"], format: "int64", pattern: "^-?[0-9]+$" };
const uint64 = { type: ["integer", "string"], pattern: "^[0-9]+$" };

const scalars: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.DOUBLE]: { type: "number", format: "double" },
  [ScalarType.FLOAT]: { type: "number", format: "float" },
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
};

const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
  "google.protobuf.FieldMask": { type: "string", pattern: "^([A-Za-z_][\\w.]*(,[A-Za-z_][\\w.]*)*)?$" },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array" },
  "google.protobuf.Value": {},
};

/** The schema of a scalar. */
export function scalarSchema(type: ScalarType): JsonObject {
  return scalars[type];
}

/** The schema of an enum: its names, with what they mean. */
export function enumSchema({ values, typeName }: DescEnum): JsonObject {
  // The values of an enum are siblings of the enum in proto, but children of it in the comments.
  const meanings = values.flatMap(({ name }) => {
    const text = docsOf(`${typeName}.${name}`);
    return text === undefined ? [] : [`\`${name}\`: ${text}`];
  });
  return {
    type: "string",
    enum: values.map(({ name }) => name),
    ...(meanings.length > 0 && { description: meanings.join("\n\n") }),
  };
}

/** The schema of a message with a form of its own; undefined when it is an object of its fields. */
export function wellKnownSchema(schema: DescMessage): JsonObject | undefined {
  if (Object.hasOwn(wellKnown, schema.typeName)) return wellKnown[schema.typeName];
  const [only] = schema.fields;
  if (!only || !isWrapper(schema)) return undefined;
  const type = valueTypeOf(only);
  return type.kind === "scalar" ? scalarSchema(type.scalar) : undefined;
}
