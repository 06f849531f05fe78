/**
 * The URLs of providers and key sets: keys are sent there or come from there, so only plain and intended ones
 * are taken.
 *
 * @module
 */

import { classifyHost } from "./addresses.ts";

const example = "such as https://api.example.com/v1";
const keySetExample = "such as https://id.example.com/.well-known/jwks.json";

/**
 * Tells what is wrong with the base URL of a provider.
 *
 * The text itself is looked at before it is parsed: the URL parser mends what should be refused, such as
 * backslashes, tabs and an empty query.
 *
 * @param text - the URL as configured
 * @param allowPrivate - whether cleartext and private addresses are allowed
 * @returns undefined when nothing is wrong; the message never shows the URL, which may hold a password
 */
export function baseUrlProblem(text: string, allowPrivate: boolean): string | undefined {
  const problem = plainUrlProblem(text, example);
  if (problem !== undefined) return problem;
  if (hasUserInfo(text))
    return "holds a user name or password, should hold none: give the key as api_key, api_key_file or api_key_env";
  if (/[?#]/.test(text)) return `has a query or a fragment, should end with the path ${example}`;
  return hostProblem(text, allowPrivate);
}

/**
 * Tells what is wrong with the URL of a key set.
 *
 * @param text - the URL as configured
 * @param allowPrivate - whether cleartext and private addresses are allowed
 * @returns undefined when nothing is wrong; the message never shows the URL
 */
export function keySetUrlProblem(text: string, allowPrivate: boolean): string | undefined {
  const problem = plainUrlProblem(text, keySetExample);
  if (problem !== undefined) return problem;
  if (hasUserInfo(text)) return "holds a user name or password, should hold none: key sets are public";
  if (text.includes("#")) return `has a fragment, should have none ${keySetExample}`;
  return hostProblem(text, allowPrivate);
}

function plainUrlProblem(text: string, example: string): string | undefined {
  if (!/^[^\s\p{Cc}\\]+$/u.test(text))
    return `holds spaces, control characters or \\, should be a plain URL ${example}`;
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text))
    return `is not a URL, should be http or https ${example}`;
  return undefined;
}

/** Looks at the text as well: the URL parser drops an empty user name. */
function hasUserInfo(text: string): boolean {
  const { username, password } = new URL(text);
  return username !== "" || password !== "" || /^[^/]*\/\/[^/]*@/.test(text);
}

/** Removes what does not matter: a slash at the end, dot segments, upper case in the host, a default port. */
export function normalizeBaseUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, "");
}

function hostProblem(text: string, allowPrivate: boolean): string | undefined {
  const url = new URL(text);
  const host = classifyHost(url.hostname);
  if (host === "forbidden")
    return "is a link-local, metadata or disguised address, should be the provider's own";
  if (allowPrivate) return undefined;
  if (host === "private") return "is a private address, should be public, or set allow_private: true";
  if (url.protocol === "http:") return "is not encrypted, should be https, or set allow_private: true";
  return undefined;
}
