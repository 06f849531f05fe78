/**
 * Messages as JSON Schema, each once, by reference.
 *
 * A request may leave out every field and must not have others; an answer has every field that is not optional. A
 * message that is in both has therefore two schemas.
 *
 * @module
 */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import type { JsonObject } from "@llmproxy/spec";
import { type ValueType, valueTypeOf } from "../json/value-type.ts";
import { descriptionOf } from "./docs.ts";
import { enumSchema, scalarSchema, wellKnownSchema } from "./value-schema.ts";

/** Where a message is. */
export type Direction = "input" | "output";

/** Schemas of messages, collected as they are asked for. */
export interface MessageSchemas {
  /** The schema of a field's value. */
  field(field: DescField, direction: Direction): JsonObject;
  /**
   * A reference to the schema of a message.
   *
   * @param without - fields it does not have there, because they are elsewhere in the request
   */
  message(schema: DescMessage, direction: Direction, without?: ReadonlySet<DescField>): JsonObject;
  /** Everything that has been referred to, by name, in the order of the names. */
  components(): Readonly<Record<string, JsonObject>>;
}

/** What {@link createMessageSchemas} starts from. */
export interface MessageSchemasOptions {
  /** The messages of all answers; those within them have the plain names. */
  readonly outputs: readonly DescMessage[];
  /** Names that are taken. */
  readonly reserved: readonly string[];
}

/** Makes a collection. */
export function createMessageSchemas({ outputs, reserved }: MessageSchemasOptions): MessageSchemas {
  const components = new Map<string, JsonObject>();
  const inOutputs = closureOf(outputs);
  const names = createNames(reserved);
  const message: MessageSchemas["message"] = (schema, direction, without = new Set()) => {
    const form = wellKnownSchema(schema);
    if (form) return form;
    const suffix = direction === "input" && inOutputs.has(schema) ? "Input" : "";
    const name = names(
      schema,
      suffix,
      Array.from(without, (field) => field.name),
    );
    if (!components.has(name)) {
      // Taken before it is filled, for messages within themselves.
      components.set(name, {});
      components.set(name, objectSchema(schema, direction, without));
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  const objectSchema = (
    schema: DescMessage,
    direction: Direction,
    without: ReadonlySet<DescField>,
  ): JsonObject => {
    const fields = schema.fields.filter((each) => !without.has(each));
    const required = direction === "output" ? fields.filter(isAlwaysWritten).map(({ name }) => name) : [];
    return {
      type: "object",
      ...descriptionOf(schema.typeName),
      properties: Object.fromEntries(fields.map((each) => [each.name, field(each, direction)])),
      ...(required.length > 0 && { required }),
      ...(direction === "input" && { additionalProperties: false }),
    };
  };
  const field: MessageSchemas["field"] = (each, direction) => ({
    ...ofField(each, value(valueTypeOf(each), direction)),
    ...descriptionOf(`${each.parent.typeName}.${each.name}`),
  });
  const value = (type: ValueType, direction: Direction): JsonObject => {
    if (type.kind === "message") return message(type.message, direction);
    return type.kind === "enum" ? enumSchema(type.enum) : scalarSchema(type.scalar);
  };
  return {
    field,
    message,
    components: () =>
      Object.fromEntries([...components].toSorted(([left], [right]) => (left < right ? -1 : 1))),
  };
}

/** Gives names: the short one to whoever asks for it first. */
function createNames(
  reserved: readonly string[],
): (schema: DescMessage, suffix: string, without: readonly string[]) => string {
  const owners = new Map(reserved.map((name) => [name, ""]));
  return (schema, suffix, without) => {
    const owner = [schema.typeName, suffix, ...without].join(" ");
    const short = schema.typeName.slice(schema.file.proto.package.length + 1);
    const all = [short, schema.typeName, `${schema.typeName}.without.${without.join(".")}`];
    const name = all.map((each) => each + suffix).find((each) => (owners.get(each) ?? owner) === owner);
    if (name === undefined) throw new TypeError(`there is no name left for ${owner}`);
    owners.set(name, owner);
    return name;
  };
}

function ofField({ fieldKind }: DescField, value: JsonObject): JsonObject {
  if (fieldKind === "list") return { type: "array", items: value };
  return fieldKind === "map" ? { type: "object", additionalProperties: value } : value;
}

/** Whether an answer has a field in any case. */
function isAlwaysWritten(field: DescField): boolean {
  if (field.fieldKind === "list" || field.fieldKind === "map") return true;
  return field.fieldKind !== "message" && !field.oneof && field.presence === Presence.IMPLICIT;
}

/** Messages with everything in them. */
function closureOf(roots: readonly DescMessage[]): ReadonlySet<DescMessage> {
  const found = new Set<DescMessage>();
  const add = (schema: DescMessage): void => {
    if (found.has(schema)) return;
    found.add(schema);
    for (const { message } of schema.fields) if (message) add(message);
  };
  for (const root of roots) add(root);
  return found;
}
