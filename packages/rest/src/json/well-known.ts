/**
 * Messages of Google's that have a form of their own in JSON.
 *
 * @see https://protobuf.dev/programming-guides/json/
 * @module
 */

import { type DescMessage, fromJson, isMessage, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@llmproxy/spec";

/** A message with a form of its own. */
export interface WellKnown {
  /** What is expected, for people. */
  readonly expected: string;
  /** Whether it is written as a string, which fits into a path or a query. */
  readonly isText: boolean;
}

const time = "a time such as 2026-01-31T12:00:00Z (RFC 3339)";

const wellKnown: Readonly<Record<string, WellKnown>> = {
  "google.protobuf.Timestamp": { expected: time, isText: true },
  "google.protobuf.Duration": { expected: "seconds such as 1.5s", isText: true },
  "google.protobuf.FieldMask": { expected: "names of fields, separated by commas", isText: true },
  "google.protobuf.Struct": { expected: "an object", isText: false },
  "google.protobuf.ListValue": { expected: "an array", isText: false },
  "google.protobuf.Value": { expected: "any json", isText: false },
};

/** The form of a message; undefined when it is an object of its fields. */
export function wellKnownOf({ typeName }: DescMessage): WellKnown | undefined {
  return Object.hasOwn(wellKnown, typeName) ? wellKnown[typeName] : undefined;
}

/** Whether a message is nothing but a scalar that may be absent, and is written as that scalar. */
export function isWrapper({ typeName, fields }: DescMessage): boolean {
  return (
    /^google\.protobuf\.\w+Value$/.test(typeName) && fields[0]?.fieldKind === "scalar" && fields.length === 1
  );
}

/** Whether null is a value of that message, and not its absence. */
export function readsNull({ typeName }: DescMessage): boolean {
  return typeName === "google.protobuf.Value";
}

/** Reads a message that {@link wellKnownOf} knows; undefined when it is something else. */
export function readWellKnown(schema: DescMessage, json: JsonValue): ReflectMessage | undefined {
  if (schema.typeName === FieldMaskSchema.typeName) return readFieldMask(schema, json);
  try {
    return reflect(schema, fromJson(schema, json as Parameters<typeof fromJson>[1]));
  } catch {
    // It throws for nothing but JSON that is not of this form.
    return undefined;
  }
}

/** Writes a message that {@link wellKnownOf} knows. */
export function writeWellKnown({ desc, message }: ReflectMessage): JsonValue {
  if (isMessage(message, FieldMaskSchema)) return message.paths.join(",");
  return toJson(desc, message);
}

/** Names are written as in the proto, everywhere in this API; those of proto3 JSON are understood too. */
function readFieldMask(schema: DescMessage, json: JsonValue): ReflectMessage | undefined {
  if (typeof json !== "string") return undefined;
  const paths = json === "" ? [] : json.split(",");
  if (!paths.every((path) => /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(path))) return undefined;
  const mask = reflect(schema);
  const [field] = schema.fields;
  if (field?.fieldKind !== "list") return undefined;
  const list = mask.get(field);
  for (const path of paths) list.add(path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return mask;
}
