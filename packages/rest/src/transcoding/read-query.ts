/**
 * Fields from the query: those that neither the path nor the body fills, nested ones as `a.b`, repeated ones by
 * repeating the parameter.
 *
 * @module
 */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { suggestion } from "../json/nearest.ts";
import { fieldNames, findField, valueTypeOf } from "../json/value-type.ts";
import { shown, type Violations } from "../json/violations.ts";
import { type Binding, type FieldChain, isTextMessage } from "./binding.ts";
import { ownerOf } from "./owner.ts";
import { readText } from "./read-text.ts";

interface Parameter {
  readonly name: string;
  readonly text: string;
}

/** Reads the parameters into a message. */
export function readQuery(
  message: ReflectMessage,
  binding: Binding,
  query: string,
  violations: Violations,
): void {
  const seen = new Set<string>();
  for (const { name, text } of parametersOf(query, violations)) {
    if (violations.isFull) return;
    const chain = chainOf(message.desc, binding, name, violations);
    if (chain) setParameter(message, chain, text, seen, violations);
  }
}

function setParameter(
  message: ReflectMessage,
  chain: FieldChain,
  text: string,
  seen: Set<string>,
  violations: Violations,
): void {
  const path = chain.map(({ name }) => name).join(".");
  const { owner, field } = ownerOf(message, chain);
  const isFirst = !seen.has(path);
  seen.add(path);
  if (!isFirst && field.fieldKind !== "list") {
    violations.add(path, "given twice");
    return;
  }
  const value = readText(valueTypeOf(field), text, path, violations);
  if (value === undefined) return;
  if (field.fieldKind === "list") owner.get(field).add(value);
  else if (field.oneof && owner.oneofCase(field.oneof))
    violations.add(path, `expected only one of ${field.oneof.fields.map(({ name }) => name).join(", ")}`);
  else owner.set(field, value);
}

/** The parameters in their order. A name without `=` has an empty value. */
function parametersOf(query: string, violations: Violations): readonly Parameter[] {
  return query
    .split("&")
    .filter((piece) => piece !== "")
    .flatMap((piece) => {
      const at = piece.indexOf("=");
      const name = decode(at < 0 ? piece : piece.slice(0, at));
      const text = decode(at < 0 ? "" : piece.slice(at + 1));
      if (name !== undefined && text !== undefined) return [{ name, text }];
      violations.add(shown(name ?? "query"), "expected percent-encoded utf-8 in the query");
      return [];
    });
}

/** A plus is a space, as in forms. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // It throws for nothing but malformed escapes, which is what undefined tells.
    return undefined;
  }
}

function chainOf(
  schema: DescMessage,
  binding: Binding,
  name: string,
  violations: Violations,
): FieldChain | undefined {
  const chain = findChain(schema, name.split("."));
  const complaint = chain ? complaintAbout(chain, binding) : unknown(schema, binding, name);
  if (complaint === undefined) return chain;
  violations.add(shown(name), complaint);
  return undefined;
}

function findChain(schema: DescMessage, names: readonly string[]): FieldChain | undefined {
  const [name = "", ...rest] = names;
  const field = findField(schema, name);
  if (!field || rest.length === 0) return field && [field];
  if (field.fieldKind !== "message" || isTextMessage(field.message)) return undefined;
  const inner = findChain(field.message, rest);
  return inner && [field, ...inner];
}

function complaintAbout(chain: FieldChain, binding: Binding): string | undefined {
  const path = chain.map(({ name }) => name).join(".");
  if (binding.pathFields.has(path)) return "expected in the path, not in the query";
  if (binding.body === "all" || binding.body === chain[0]) return "expected in the body, not in the query";
  return isParameter(chain.at(-1) ?? chain[0]) ? undefined : "cannot be given in the query";
}

/** Whether a field, or each of its elements, fits into a parameter. */
export function isParameter(field: DescField): boolean {
  if (field.fieldKind === "map") return false;
  return field.message === undefined || isTextMessage(field.message);
}

function unknown(schema: DescMessage, binding: Binding, name: string): string {
  const candidates = binding.body === "all" ? [] : fieldNames(schema);
  return `unknown query parameter${suggestion(name, candidates)}`;
}
