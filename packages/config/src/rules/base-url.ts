/**
 * The URLs of providers: keys are sent there, so only plain and intended ones are taken.
 *
 * @module
 */

import { classifyHost } from "./addresses.ts";

const example = "such as https://api.example.com/v1";

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
  if (!/^[^\s\p{Cc}\\]+$/u.test(text))
    return `holds spaces, control characters or \\, should be a plain URL ${example}`;
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text))
    return `is not a URL, should be http or https ${example}`;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || /^[^/]*\/\/[^/]*@/.test(text))
    return "holds a user name or password, should hold none: give the key as api_key, api_key_file or api_key_env";
  if (/[?#]/.test(text)) return `has a query or a fragment, should end with the path ${example}`;
  return hostProblem(url, allowPrivate);
}

/** Removes what does not matter: a slash at the end, dot segments, upper case in the host, a default port. */
export function normalizeBaseUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, "");
}

function hostProblem(url: URL, allowPrivate: boolean): string | undefined {
  const host = classifyHost(url.hostname);
  if (host === "forbidden")
    return "is a link-local, metadata or disguised address, should be the provider's own";
  if (allowPrivate) return undefined;
  if (host === "private") return "is a private address, should be public, or set allow_private: true";
  if (url.protocol === "http:") return "is not encrypted, should be https, or set allow_private: true";
  return undefined;
}
