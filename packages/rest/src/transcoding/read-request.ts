/**
 * The message a request means: from its body, its path and its query.
 *
 * @module
 */

import type { Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { parseJson } from "../json/parse-json.ts";
import { readField, readMembers } from "../json/read-message.ts";
import { valueTypeOf } from "../json/value-type.ts";
import { Violations } from "../json/violations.ts";
import type { FieldChain } from "./binding.ts";
import { ownerOf } from "./owner.ts";
import { decodePathValue } from "./path-template.ts";
import { readQuery } from "./read-query.ts";
import { readText } from "./read-text.ts";
import type { Match } from "./routes.ts";

/** The parts of a request. */
export interface RequestParts {
  /** Without its question mark. */
  readonly query: string;
  /** Empty when there is none. */
  readonly body: Uint8Array;
}

/**
 * Reads the message.
 *
 * @throws `invalid_request` naming everything that is wrong
 */
export function readRequest(match: Match, { query, body }: RequestParts): Message {
  const { binding } = match;
  const violations = new Violations();
  const message = reflect(binding.registered.rpc.method.input);
  readBody(message, match, body, violations);
  readPath(message, match, violations);
  readQuery(message, binding, query, violations);
  violations.check();
  return message.message;
}

function readBody(
  message: ReflectMessage,
  { binding }: Match,
  bytes: Uint8Array,
  violations: Violations,
): void {
  if (binding.body === "none" || bytes.length === 0) return;
  const json = parseJson(bytes);
  if (binding.body === "all") readMembers(message, json, "", violations);
  else readField(message, binding.body, json, binding.body.name, violations);
}

function readPath(message: ReflectMessage, { binding, pathValues }: Match, violations: Violations): void {
  for (const [fieldPath, value] of pathValues) {
    const chain = binding.pathFields.get(fieldPath);
    if (!chain) continue;
    const text = decodePathValue(binding.template, fieldPath, value);
    const read = readText(valueTypeOf(chain.at(-1) ?? chain[0]), text, fieldPath, violations);
    if (read === undefined) continue;
    if (!setOnce(message, chain, read))
      violations.add(fieldPath, "expected the same as in the path, or nothing");
  }
}

/** A body may repeat what the path says; what it says otherwise is a mistake one should hear of. */
function setOnce(message: ReflectMessage, chain: FieldChain, value: unknown): boolean {
  const { owner, field } = ownerOf(message, chain);
  if (owner.isSet(field) && field.fieldKind !== "message" && owner.get(field) !== value) return false;
  owner.set(field, value);
  return true;
}
