/**
 * Reads the schema as data: which keys a section has, what kind of value a key takes, where secrets are.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import {
  safeParse,
  ZodMiniArray,
  ZodMiniBoolean,
  ZodMiniDefault,
  ZodMiniDiscriminatedUnion,
  ZodMiniNullable,
  ZodMiniNumber,
  ZodMiniObject,
  ZodMiniOptional,
  ZodMiniPrefault,
  ZodMiniRecord,
  ZodMiniUnion,
} from "zod/mini";
import type { Path } from "../path.ts";
import { isList, isMap, valueAt } from "../tree.ts";
import { maskedText, secretText } from "./fields.ts";

/** Any schema. */
export type Schema = ZodMiniOptional["_zod"]["def"]["innerType"];

/** How text is turned into the value of a setting; `json` for lists and maps. */
export type ValueKind = "text" | "number" | "boolean" | "number-or-text" | "json";

/** The ways to give a secret `x`, as endings of its key. */
export const secretSpellings = ["", "_file", "_env"] as const;

/** Where a secret belongs, and the map that gives it in one of its spellings. */
export interface SecretSlot {
  /** The path of the map. */
  readonly parent: Path;
  /** The secret's key, without ending. */
  readonly name: string;
  /** The map. */
  readonly map: Readonly<Record<string, JsonValue | undefined>>;
}

/**
 * The keys of a map with fixed keys; empty for everything else.
 *
 * @param value - the map, where the keys depend on its kind; without it, the keys of every kind
 */
export function keysOf(schema: Schema, value?: JsonValue): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof ZodMiniObject) return Object.keys(inner.shape);
  if (!(inner instanceof ZodMiniDiscriminatedUnion)) return [];
  const { discriminator, options } = inner._zod.def;
  const matching = options.filter((option) => {
    const kind = childOf(option, discriminator);
    return kind !== undefined && safeParse(kind, valueAt(value, discriminator)).success;
  });
  return [...new Set((matching.length > 0 ? matching : options).flatMap((option) => keysOf(option)))];
}

/** The schema of the value at a key of a map or an index of a list; undefined when there is none. */
export function childOf(schema: Schema, segment: string | number): Schema | undefined {
  const inner = unwrap(schema);
  if (inner instanceof ZodMiniObject)
    return Object.hasOwn(inner.shape, segment) ? inner.shape[segment] : undefined;
  if (inner instanceof ZodMiniRecord) return inner.def.valueType;
  if (inner instanceof ZodMiniArray) return inner.def.element;
  if (inner instanceof ZodMiniDiscriminatedUnion)
    return inner.def.options.map((option) => childOf(option, segment)).find((child) => child !== undefined);
  return undefined;
}

/** The schema at a path below `schema`; undefined when the path leads nowhere. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  return path.reduce<Schema | undefined>((at, segment) => (at ? childOf(at, segment) : undefined), schema);
}

/** How text is turned into a value of this schema. */
export function valueKind(schema: Schema): ValueKind {
  const inner = unwrap(schema);
  if (inner instanceof ZodMiniBoolean) return "boolean";
  if (inner instanceof ZodMiniNumber) return "number";
  if (inner instanceof ZodMiniUnion) return "number-or-text";
  return isContainer(inner) ? "json" : "text";
}

/** The names of the secrets a map of this schema may hold. */
export function secretNames(schema: Schema): readonly string[] {
  return keysOf(schema).filter((key) => {
    const child = childOf(schema, key);
    return child !== undefined && unwrap(child) === secretText;
  });
}

/** The secret that a key of a map gives, in whichever spelling; undefined when it gives none. */
export function secretOf(schema: Schema, key: string | number | undefined): string | undefined {
  return secretNames(schema).find((name) => secretSpellings.some((ending) => name + ending === key));
}

/** Every secret that `value` gives, in whichever spelling. */
export function secretSlots(
  schema: Schema,
  value: JsonValue | undefined,
  parent: Path = [],
): readonly SecretSlot[] {
  if (isList(value)) {
    const element = childOf(schema, 0);
    return element ? value.flatMap((item, index) => secretSlots(element, item, [...parent, index])) : [];
  }
  if (!isMap(value)) return [];
  const here = secretNames(schema)
    .filter((name) => secretSpellings.some((ending) => Object.hasOwn(value, name + ending)))
    .map((name) => ({ parent, name, map: value }));
  const below = Object.entries(value).flatMap(([key, child]) => {
    const childSchema = childOf(schema, key);
    return childSchema ? secretSlots(childSchema, child, [...parent, key]) : [];
  });
  return [...here, ...below];
}

/** Whether values of this schema must not be shown. */
export function isHidden(schema: Schema): boolean {
  const inner = unwrap(schema);
  return inner === secretText || inner === maskedText;
}

/** Whether a value at `path` below `schema` must not be shown. */
export function isHiddenAt(schema: Schema, path: Path): boolean {
  const section = schemaAt(schema, path.slice(0, -1));
  const setting = schemaAt(schema, path);
  const isSecret = section !== undefined && secretOf(section, path.at(-1)) !== undefined;
  return isSecret || (setting !== undefined && isHidden(setting));
}

function isContainer(inner: Schema): boolean {
  return (
    inner instanceof ZodMiniObject ||
    inner instanceof ZodMiniRecord ||
    inner instanceof ZodMiniArray ||
    inner instanceof ZodMiniDiscriminatedUnion
  );
}

/** Takes off what only says whether a value may be missing. */
function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (
    inner instanceof ZodMiniOptional ||
    inner instanceof ZodMiniNullable ||
    inner instanceof ZodMiniDefault ||
    inner instanceof ZodMiniPrefault
  )
    inner = inner.def.innerType;
  return inner;
}
