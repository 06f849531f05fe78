/**
 * Lets only request targets through that everybody reads alike.
 *
 * A router that decodes and an authorization rule that does not must never disagree about a path. So there
 * is one spelling of each path, and every other is refused rather than rewritten (RFC 3986 §6, RFC 9112 §3.2).
 * `%2F` stays as it is: within a segment it is data, as in the model id `openai%2Fgpt-4o`, and never a separator.
 *
 * @module
 */

import { badRequest, type Refusal } from "./refusal.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly refusal: Refusal;
}

// What nearly every path is like, and no rule refuses: one look instead of five.
const plainPath = /^(?:\/[A-Za-z0-9][A-Za-z0-9_.-]*)+$/;

const rules: readonly Rule[] = [
  {
    pattern: /^(?!\/)/,
    refusal: badRequest("the request target must be a path that begins with /, not a full url"),
  },
  {
    pattern: /[^\x21-\x7e]|[\\;#]/,
    refusal: badRequest("the path must be printable ascii without backslash, semicolon and number sign"),
  },
  {
    pattern: /%(?![0-9a-f]{2})/i,
    refusal: badRequest("a percent sign in the path must be followed by two hexadecimal digits"),
  },
  {
    pattern: /%(?:2e|5c|[01][0-9a-f]|7f)/i,
    refusal: badRequest("the path must not hide dots, backslashes or control characters behind %"),
  },
  {
    pattern: /\/\/|\/\.{1,2}(?:\/|$)/,
    refusal: badRequest("the path must not have empty, . or .. segments"),
  },
];

/**
 * Checks a request target.
 *
 * @param target - what the client asked for: a path, with a query perhaps; the query is not looked at
 * @returns why it is refused, or `undefined`
 */
export function checkTarget(target: string): Refusal | undefined {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  if (plainPath.test(path)) return undefined;
  for (const { pattern, refusal } of rules) if (pattern.test(path)) return refusal;
  return undefined;
}
