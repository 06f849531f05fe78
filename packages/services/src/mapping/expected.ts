/**
 * What is wrong with a message.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/**
 * The failure of one field.
 *
 * @param field - its path as the proto spells it, e.g. `chat.messages[2].role`
 * @param what - what would be right, to follow "expected"
 */
export function expected(field: string, what: string): ProxyError {
  return new ProxyError("invalid_request", `${field}: expected ${what}`, { field });
}

/**
 * A text that must say something.
 *
 * @throws `invalid_request` when it is empty
 */
export function requiredText(text: string, field: string): string {
  if (text !== "") return text;
  throw expected(field, "a text that is not empty");
}

/** A text that says something; undefined for an empty one. */
export function presentText(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** An object's members without those that are undefined. */
export function defined<T extends object>(members: T): Defined<T> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

/** What {@link defined} returns: a member that may be undefined becomes one that may be absent. */
export type Defined<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};
