/**
 * A message as a request: the other direction of the transcoder, written without looking at it.
 *
 * @module
 */

import type { DescField, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { JsonValue } from "@llmproxy/spec";
import { writeField, writeMessage } from "../json/write-message.ts";
import type { Binding, FieldChain } from "../transcoding/binding.ts";

/** A request. */
export interface RestRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** JSON; absent when the request has none. */
  readonly body?: string;
}

/** The request that means a message. */
export function restRequestOf(binding: Binding, message: Message): RestRequest {
  const whole = reflect(binding.registered.rpc.method.input, message);
  const path = pathOf(binding, whole);
  if (binding.body === "all")
    return { method: binding.method, target: path, body: JSON.stringify(writeMessage(whole)) };
  const query = queryOf(binding, whole);
  const target = query === "" ? path : `${path}?${query}`;
  if (binding.body === "none" || !whole.isSet(binding.body)) return { method: binding.method, target };
  return { method: binding.method, target, body: JSON.stringify(writeField(whole, binding.body)) };
}

function pathOf({ template, pathFields }: Binding, message: ReflectMessage): string {
  return template.text.replace(/\{([\w.]+)(?:=([^}]*))?\}/g, (_, fieldPath: string, pattern = "*") => {
    const text = String(jsonAt(message, pathFields.get(fieldPath)));
    return pattern === "*" ? encodeURIComponent(text) : text.split("/").map(encodeURIComponent).join("/");
  });
}

function jsonAt(message: ReflectMessage, chain: FieldChain | undefined): JsonValue {
  if (!chain) throw new TypeError("the path binds no field");
  const [field, next, ...rest] = chain;
  if (!next || field.fieldKind !== "message") return writeField(message, field);
  return jsonAt(message.get(field), [next, ...rest]);
}

function queryOf(binding: Binding, message: ReflectMessage): string {
  const fields = message.fields.filter((field) => field !== binding.body);
  const parameters = parametersOf(message, fields, "").filter(([name]) => !binding.pathFields.has(name));
  return parameters.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&");
}

function parametersOf(
  message: ReflectMessage,
  fields: readonly DescField[],
  prefix: string,
): readonly (readonly [string, string])[] {
  return fields
    .filter((field) => message.isSet(field))
    .flatMap((field) => {
      const name = `${prefix}${field.name}`;
      const json = writeField(message, field);
      if (Array.isArray(json)) return json.map((element) => [name, String(element)] as const);
      if (field.fieldKind !== "message" || typeof json !== "object") return [[name, String(json)] as const];
      const inner = message.get(field);
      return parametersOf(inner, inner.fields, `${name}.`);
    });
}
