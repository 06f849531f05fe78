/**
 * Takes a token apart, without believing any of it.
 *
 * Stricter than the libraries: one text for one token. Padding, a newline at the end or unused bits in the last
 * character would make several texts that all verify, and a deny-list or cache by text could be walked around.
 *
 * @see RFC 7515 §3.1 (compact serialization)
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";
import { maxTokenLength } from "../token-text.ts";
import { readJsonObject } from "./json-object.ts";

/** A token taken apart. Nothing in it has been verified. */
export interface DecodedJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

// `$` without the flag `m` matches at the very end only.
const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Whether a text has the shape of a signed token: three parts of base64url, 8192 characters at most. */
export function hasJwtShape(text: string): boolean {
  return text.length <= maxTokenLength && shape.test(text);
}

/** Takes a token apart; undefined when it is none. */
export function decodeJwt(text: string): DecodedJwt | undefined {
  if (!hasJwtShape(text)) return undefined;
  const [first = "", second = "", third = ""] = text.split(".");
  const header = decodeObject(first);
  const claims = decodeObject(second);
  return header && claims && decodeBytes(third) ? { header, claims } : undefined;
}

/** The object in one part; undefined when there is none. */
function decodeObject(part: string): JsonObject | undefined {
  const bytes = decodeBytes(part);
  return bytes && readJsonObject(bytes.toString("utf8"));
}

function decodeBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : undefined;
}
