/**
 * What must hold within an entry of `providers` beyond the form of its values.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import type { Path } from "../path.ts";
import { isList, isMap, listAt, textAt, valueAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";
import { baseUrlProblem } from "./base-url.ts";

/** A header name. @see RFC 9110 §5.6.2 */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One line of ASCII. @see RFC 9110 §5.5 */
const headerValue = /^[\t\x20-\x7e]*$/;

/** Headers that frame the message, belong to the connection or are chosen by the relay. */
const ownHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "te",
  "traceparent",
  "tracestate",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Checks each provider by itself. Values of the wrong type are left to the schema. */
export function checkProviders(tree: JsonValue): readonly Finding[] {
  return listAt(tree, "providers").flatMap((provider, index) => {
    const path = ["providers", index];
    return [...checkBaseUrl(provider, path), ...checkKeys(provider, path), ...checkHeaders(provider, path)];
  });
}

function checkBaseUrl(provider: JsonValue, path: Path): readonly Finding[] {
  const url = textAt(provider, "base_url");
  if (url === undefined) return [];
  const problem = baseUrlProblem(url, valueAt(provider, "allow_private") === true);
  return problem === undefined ? [] : [finding([...path, "base_url"], problem)];
}

function checkKeys(provider: JsonValue, path: Path): readonly Finding[] {
  const keys = valueAt(provider, "api_keys");
  if (!isList(keys)) return [];
  const keysPath = [...path, "api_keys"];
  if (hasKey(provider)) return [finding(keysPath, "is given beside api_key, should be one of the two")];
  if (keys.length === 0) return [finding(keysPath, "is empty, should hold a key or be left out")];
  return keys.flatMap((entry, index) =>
    !isMap(entry) || hasKey(entry)
      ? []
      : [finding([...keysPath, index], "has no key, should have api_key, api_key_file or api_key_env")],
  );
}

function checkHeaders(provider: JsonValue, path: Path): readonly Finding[] {
  const headers = valueAt(provider, "headers");
  if (!isMap(headers)) return [];
  return Object.entries(headers).flatMap(([name, value]) => {
    const problem = headerProblem(name, value, provider);
    return problem === undefined ? [] : [finding([...path, "headers", name], problem)];
  });
}

function headerProblem(name: string, value: JsonValue | undefined, provider: JsonValue): string | undefined {
  const lowerName = name.toLowerCase();
  if (!token.test(name)) return "is not a header name, should be letters, digits and hyphens";
  if (ownHeaders.has(lowerName) || lowerName.startsWith("proxy-"))
    return "is a header the server sets itself, should be left out";
  if (lowerName === keyHeader(provider) && (hasKey(provider) || listAt(provider, "api_keys").length > 0))
    return "is set by the provider's key, should be left out";
  if (typeof value === "string" && !headerValue.test(value))
    return "holds a line break or another character headers cannot carry, should be one line of ASCII";
  return undefined;
}

/** The header the provider's key goes into. */
function keyHeader(provider: JsonValue): string {
  return textAt(provider, "kind") === "anthropic" ? "x-api-key" : "authorization";
}

function hasKey(map: JsonValue): boolean {
  return ["api_key", "api_key_file", "api_key_env"].some((key) => valueAt(map, key) !== undefined);
}
