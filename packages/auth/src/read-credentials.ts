/**
 * Finds the credentials of a request in its headers, wherever the client's library puts them.
 *
 * Never in the URL, which ends in logs and referrers, and never in a cookie, which a browser sends by itself.
 *
 * @module
 */

import { type Credentials, ProxyError, Secret } from "@llmproxy/spec";
import { isTokenText, maxTokenLength } from "./token-text.ts";

/** Headers by lower-case name, as `node:http` has them; repeated ones as a list. */
export type CredentialHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const keyHeaders = ["x-api-key", "api-key", "x-goog-api-key"] as const;

/** How a browser, which cannot set headers on a WebSocket, sends a key to OpenAI's realtime API. */
const subprotocolPrefix = "openai-insecure-api-key.";

const bearer = /^bearer /i;

const none: Credentials = { kind: "none" };

/**
 * Reads the token from `authorization: Bearer` (RFC 6750 §2.1; any case of the scheme, one space), `x-api-key`,
 * `api-key`, `x-goog-api-key` or the WebSocket subprotocol `openai-insecure-api-key.<key>`. The same value in
 * several places counts once.
 *
 * A header that Node joins or drops when it is repeated can only be seen here as one value; give
 * `headersDistinct` where the listener does not refuse repetitions.
 *
 * @throws `invalid_request` when two different tokens are given
 * @throws `unauthenticated` when a header is there but cannot hold a token: another scheme, empty, longer
 *   than 8192 characters, or with blanks, control or non-ASCII characters
 */
export function readCredentials(headers: CredentialHeaders): Credentials {
  let token = pick(undefined, headers.authorization, readBearer);
  // Most requests have none of them; what reads them is made only where there is something to read.
  for (const name of keyHeaders)
    if (headers[name] !== undefined) token = pick(token, headers[name], (value) => checkToken(value, name));
  token = pick(token, headers["sec-websocket-protocol"], readSubprotocols);
  return token === undefined ? none : { kind: "token", token: new Secret(token) };
}

/** Adds the token of each value of one header to the one found so far. */
function pick(
  found: string | undefined,
  values: string | readonly string[] | undefined,
  read: (value: string) => string | undefined,
): string | undefined {
  if (values === undefined) return found;
  if (typeof values === "string") return same(found, read(values));
  return values.reduce((token: string | undefined, value) => same(token, read(value)), found);
}

function same(found: string | undefined, other: string | undefined): string | undefined {
  if (found !== undefined && other !== undefined && found !== other)
    throw new ProxyError("invalid_request", "two different api keys or tokens were sent; send exactly one");
  return found ?? other;
}

function readBearer(value: string): string {
  if (value.length > maxTokenLength || !bearer.test(value)) throw malformed("authorization");
  return checkToken(value.slice("bearer ".length), "authorization");
}

function readSubprotocols(value: string): string | undefined {
  return value
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(subprotocolPrefix))
    .map((protocol) => checkToken(protocol.slice(subprotocolPrefix.length), "sec-websocket-protocol"))
    .reduce(same, undefined);
}

function checkToken(value: string, header: string): string {
  if (!isTokenText(value)) throw malformed(header);
  return value;
}

function malformed(header: string): ProxyError {
  return new ProxyError(
    "unauthenticated",
    `the ${header} header does not hold an api key or token; send \`authorization: Bearer <api key>\``,
    { reason: "invalid_token" },
  );
}
