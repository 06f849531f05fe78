/**
 * Any message of a schema.
 *
 * @module
 */

import { type DescField, type DescMessage, fromJson, type Message, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";
import { type ValueType, valueTypeOf } from "../json/value-type.ts";

const long = (min: bigint, max: bigint) => fc.bigInt({ min, max });
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const int64 = long(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = long(0n, 2n ** 64n - 1n);
/** JSON has one zero, and `equals` says that NaN is not itself. */
const isPlain = (number: number): boolean => !Number.isNaN(number) && !Object.is(number, -0);
const text = fc.string({ unit: "binary", maxLength: 12 });

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.DOUBLE]: fc.double().filter(isPlain),
  [ScalarType.FLOAT]: fc.float().filter(isPlain),
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
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 12 }),
};

const jsonValue = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)));
const fieldName = fc.stringMatching(/^[a-z]{1,4}(_[a-z]{1,4}){0,2}$/);

/** Messages that are more than their fields: only some combinations of these mean something. */
const wellKnown: Readonly<Record<string, (schema: DescMessage) => fc.Arbitrary<Message>>> = {
  "google.protobuf.Timestamp": (schema) =>
    fieldsOf(schema, {
      seconds: long(-62135596800n, 253402300799n),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    }),
  "google.protobuf.Duration": (schema) =>
    fieldsOf(schema, { seconds: long(0n, 315576000000n), nanos: fc.integer({ min: 0, max: 999_999_999 }) }),
  "google.protobuf.FieldMask": (schema) =>
    fc.array(fieldName, { maxLength: 3 }).map((paths) => made(schema, { paths })),
};

/** Options of {@link arbitraryMessage}. */
export interface ArbitraryMessageOptions {
  /** Which fields may be set; all when absent. Of inner messages it is not asked. */
  readonly isWanted?: (field: DescField) => boolean;
  /** How deep messages may stand in one another. */
  readonly depth?: number;
}

/** Any message of a schema; of a oneof at most one field is set. */
export function arbitraryMessage(
  schema: DescMessage,
  { isWanted = () => true, depth = 2 }: ArbitraryMessageOptions = {},
): fc.Arbitrary<Message> {
  const special = wellKnown[schema.typeName];
  if (special) return special(schema);
  const json = structOf(schema);
  if (json) return json;
  const fields = schema.fields.filter(
    (field) => isWanted(field) && (depth > 0 || field.message === undefined),
  );
  const members = Object.fromEntries(fields.map((field) => [field.name, arbitraryField(field, depth)]));
  return fc.record(members, { requiredKeys: [] }).map((values) => made(schema, values));
}

function arbitraryField(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const value = arbitraryValue(valueTypeOf(field), depth);
  if (field.fieldKind === "list") return fc.array(value, { maxLength: 3 });
  if (field.fieldKind === "map")
    return fc.array(fc.tuple(arbitraryKey(field.mapKey), value), { maxLength: 3 });
  return value;
}

function arbitraryKey(type: ScalarType): fc.Arbitrary<unknown> {
  return scalars[type];
}

function arbitraryValue(type: ValueType, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === "scalar") return scalars[type.scalar];
  if (type.kind === "enum") return fc.constantFrom(...type.enum.values.map(({ number }) => number), 77);
  return arbitraryMessage(type.message, { depth: depth - 1 }).map((message) =>
    reflect(type.message, message),
  );
}

function fieldsOf(schema: DescMessage, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Message> {
  return fc.record(fields).map((values) => made(schema, values));
}

/** Whether a schema is one of the three that hold any JSON; made by protobuf-es itself. */
function structOf(schema: DescMessage): fc.Arbitrary<Message> | undefined {
  switch (schema.typeName) {
    case "google.protobuf.Struct":
      return fc
        .dictionary(fc.string({ maxLength: 4 }), jsonValue, { maxKeys: 3 })
        .map((json) => fromJson(schema, json));
    case "google.protobuf.ListValue":
      return fc.array(jsonValue, { maxLength: 3 }).map((json) => fromJson(schema, json));
    case "google.protobuf.Value":
      return jsonValue.map((json) => fromJson(schema, json));
    default:
      return undefined;
  }
}

function made(schema: DescMessage, values: Readonly<Record<string, unknown>>): Message {
  const message = reflect(schema);
  for (const field of schema.fields) {
    const value = values[field.name];
    if (value !== undefined) fill(message, field, value);
  }
  return message.message;
}

function fill(message: ReflectMessage, field: DescField, value: unknown): void {
  if (field.fieldKind === "list") {
    for (const element of value as unknown[]) message.get(field).add(element);
  } else if (field.fieldKind === "map") {
    for (const [key, member] of value as [unknown, unknown][]) message.get(field).set(key, member);
  } else if (!field.oneof || !message.oneofCase(field.oneof)) message.set(field, value);
}
