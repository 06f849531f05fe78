/**
 * Values of fields from the texts of a path or a query.
 *
 * @module
 */

import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { readMessage } from "../json/read-message.ts";
import { enumExpectation, readEnumText, readScalarText, scalarExpectation } from "../json/read-scalar.ts";
import { type ValueType, valueTypeOf } from "../json/value-type.ts";
import type { Violations } from "../json/violations.ts";
import { isWrapper } from "../json/well-known.ts";

/** The value as reflection takes it; undefined, and a violation, when it is not of the type. */
export function readText(type: ValueType, text: string, path: string, violations: Violations): unknown {
  if (type.kind === "message") return readMessageText(type, text, path, violations);
  const isEnum = type.kind === "enum";
  const value = isEnum ? readEnumText(type.enum, text) : readScalarText(type.scalar, text);
  if (value === undefined)
    violations.add(path, `expected ${isEnum ? enumExpectation(type.enum) : scalarExpectation(type.scalar)}`);
  return value;
}

function readMessageText(
  { message: schema }: ValueType & { readonly kind: "message" },
  text: string,
  path: string,
  violations: Violations,
): ReflectMessage | undefined {
  const [only] = schema.fields;
  if (!only || !isWrapper(schema)) return readMessage(schema, text, path, violations);
  const value = readText(valueTypeOf(only), text, path, violations);
  if (value === undefined) return undefined;
  const wrapper = reflect(schema);
  wrapper.set(only, value);
  return wrapper;
}
