/**
 * What a field holds: itself, or as its elements or map values.
 *
 * @module
 */

import type { DescEnum, DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";

/** The type of one value. */
export type ValueType =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly enum: DescEnum }
  | { readonly kind: "message"; readonly message: DescMessage };

/** The type of a field's value, or of its elements or map values. */
export function valueTypeOf(field: DescField): ValueType {
  if (field.message !== undefined) return { kind: "message", message: field.message };
  if (field.enum !== undefined) return { kind: "enum", enum: field.enum };
  return { kind: "scalar", scalar: field.scalar };
}

/** The field of that name, in the spelling of the proto or of proto3 JSON. */
export function findField(schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find((field) => field.name === name || field.jsonName === name);
}

/** The names of a message's fields as the proto spells them. */
export function fieldNames(schema: DescMessage): readonly string[] {
  return schema.fields.map(({ name }) => name);
}
