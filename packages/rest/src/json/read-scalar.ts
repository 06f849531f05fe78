/**
 * Scalars and enums from JSON.
 *
 * @see https://protobuf.dev/programming-guides/json/
 * @module
 */

import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import type { JsonValue } from "@llmproxy/spec";

/** A scalar as messages hold it. */
export type Scalar = string | number | bigint | boolean | Uint8Array;

type Reader = (json: JsonValue) => Scalar | undefined;

interface ScalarKind {
  /** What is expected, for people. */
  readonly expected: string;
  /** Undefined when it is something else. */
  readonly read: Reader;
}

const maxFloat = 3.4028234663852886e38;

const int32: ScalarKind = { expected: "an integer of 32 bits", read: integerReader(-0x80000000, 0x7fffffff) };
const uint32: ScalarKind = {
  expected: "an integer of 32 bits that is not negative",
  read: integerReader(0, 0xffffffff),
};
const int64: ScalarKind = {
  expected: "an integer of 64 bits, as a string where it is beyond 2^53",
  read: longReader(-(2n ** 63n), 2n ** 63n - 1n),
};
const uint64: ScalarKind = {
  expected: "an integer of 64 bits that is not negative, as a string where it is beyond 2^53",
  read: longReader(0n, 2n ** 64n - 1n),
};

const kinds: Readonly<Record<ScalarType, ScalarKind>> = {
  [ScalarType.DOUBLE]: { expected: "a number", read: (json) => readNumber(json, Number.MAX_VALUE) },
  [ScalarType.FLOAT]: { expected: "a number", read: (json) => readNumber(json, maxFloat) },
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
  [ScalarType.BOOL]: {
    expected: "true or false",
    read: (json) => (typeof json === "boolean" ? json : undefined),
  },
  [ScalarType.STRING]: {
    expected: "a string",
    read: (json) => (typeof json === "string" && json.isWellFormed() ? json : undefined),
  },
  [ScalarType.BYTES]: { expected: "base64", read: readBytes },
};

/** What a scalar of that type looks like, for people. */
export function scalarExpectation(type: ScalarType): string {
  return kinds[type].expected;
}

/** The scalar; undefined when it is something else. */
export function readScalar(type: ScalarType, json: JsonValue): Scalar | undefined {
  return kinds[type].read(json);
}

/** The scalar that a text of a path, a query or the key of a map means; undefined when it means none. */
export function readScalarText(type: ScalarType, text: string): Scalar | undefined {
  if (type !== ScalarType.BOOL) return readScalar(type, text);
  return text === "true" ? true : text === "false" ? false : undefined;
}

/** What an enum's values are, for people. */
export function enumExpectation({ values }: DescEnum): string {
  return `one of ${values.map(({ name }) => name).join(", ")}`;
}

/** The number of an enum's value, by name or number; undefined when there is none. */
export function readEnum(schema: DescEnum, json: JsonValue): number | undefined {
  if (typeof json === "string") return schema.values.find(({ name }) => name === json)?.number;
  const number = readScalar(ScalarType.INT32, json);
  if (typeof number !== "number") return undefined;
  return schema.open || schema.value[number] ? number : undefined;
}

/** The same from the text of a path or a query. */
export function readEnumText(schema: DescEnum, text: string): number | undefined {
  return readEnum(schema, /^-?\d{1,10}$/.test(text) ? Number(text) : text);
}

function integerReader(min: number, max: number): Reader {
  return (json) => {
    const number = typeof json === "string" && /^-?\d{1,10}$/.test(json) ? Number(json) : json;
    if (typeof number !== "number" || !Number.isInteger(number)) return undefined;
    return number >= min && number <= max ? number + 0 : undefined;
  };
}

function longReader(min: bigint, max: bigint): Reader {
  return (json) => {
    const long = longOf(json);
    return long !== undefined && long >= min && long <= max ? long : undefined;
  };
}

function longOf(json: JsonValue): bigint | undefined {
  if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : undefined;
  return typeof json === "string" && /^-?\d{1,20}$/.test(json) ? BigInt(json) : undefined;
}

const named = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function readNumber(json: JsonValue, max: number): number | undefined {
  if (typeof json === "string" && named.has(json)) return named.get(json);
  const isText = typeof json === "string" && /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,5})?$/.test(json);
  const number = isText ? Number(json) : json;
  return typeof number === "number" && Math.abs(number) <= max ? number : undefined;
}

function readBytes(json: JsonValue): Uint8Array | undefined {
  if (typeof json !== "string" || !/^[\w+/-]*={0,2}$/.test(json)) return undefined;
  if (json.replace(/=+$/, "").length % 4 === 1) return undefined;
  return new Uint8Array(Buffer.from(json, "base64"));
}
