/**
 * Messages as JSON: names as in the proto, defaults written, absent optionals and messages omitted, 64-bit integers as
 * numbers as long as they are exact.
 *
 * @see https://protobuf.dev/programming-guides/json/
 * @module
 */

import type { DescField } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@llmproxy/spec";
import { valueTypeOf } from "./value-type.ts";
import { isWrapper, wellKnownOf, writeWellKnown } from "./well-known.ts";

/** Writes a message in the form it has in JSON. */
export function writeMessage(message: ReflectMessage): JsonValue {
  if (wellKnownOf(message.desc)) return writeWellKnown(message);
  const [only] = message.fields;
  if (only && isWrapper(message.desc)) return writeValue(only, message.get(only));
  const written = message.fields.filter((field) => isWritten(message, field));
  return Object.fromEntries(written.map((field) => [field.name, writeField(message, field)]));
}

/** Writes the value of one field; null when it is an absent message. */
export function writeField(message: ReflectMessage, field: DescField): JsonValue {
  if (field.fieldKind === "list")
    return Array.from(message.get(field), (element) => writeValue(field, element));
  if (field.fieldKind === "map")
    return Object.fromEntries(
      Array.from(message.get(field), ([key, value]) => [String(key), writeValue(field, value)]),
    );
  if (field.fieldKind === "message" && !message.isSet(field)) return null;
  return writeValue(field, message.get(field));
}

/** Absence of what can be absent is told by leaving it out. */
function isWritten(message: ReflectMessage, field: DescField): boolean {
  if (field.fieldKind === "list" || field.fieldKind === "map") return true;
  const canBeAbsent = field.fieldKind === "message" || field.oneof || field.presence !== Presence.IMPLICIT;
  return !canBeAbsent || message.isSet(field);
}

/** @param value - as reflection gives it */
function writeValue(field: DescField, value: unknown): JsonValue {
  if (isReflectMessage(value)) return writeMessage(value);
  const type = valueTypeOf(field);
  if (type.kind === "enum" && typeof value === "number") return type.enum.value[value]?.name ?? value;
  if (typeof value === "bigint") return writeLong(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "string" || typeof value === "boolean") return value;
  throw new TypeError(`${field.toString()} holds what is no value of a message`);
}

/** Beyond 2^53 a number would be read as another one. */
function writeLong(value: bigint): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
