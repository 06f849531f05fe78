/**
 * What an upstream gets to see beside the body.
 *
 * An allow list: of the client's own headers only those go through that the edge has chosen as part of the dialect.
 *
 * @module
 */

import { ProxyError, Secret, type TraceContext } from "@llmproxy/spec";
import type { RandomHex } from "../random-hex.ts";

/** Configured headers; a value that is a credential is a `Secret`. */
export type ConfiguredHeaders = Readonly<Record<string, string | Secret>>;

/** What belongs to the connection, the body or us. */
const reserved =
  /^(host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-length|content-type|content-encoding|accept|accept-encoding|cookie|traceparent|tracestate)$/;
// RFC 9110 §5.1 (token) and §5.5 (field-value, ASCII only).
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const headerValue = /^[\t\x20-\x7e]*$/;
const keyValue = /^[\x21-\x7e]+$/;
/** Where credentials stand, whatever the kind. */
const credentialNames: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
]);

/** How a kind of provider sends its key: as a bearer token, or alone in a header of its own. */
export type KeyHeader = "authorization" | "x-api-key";

/**
 * Checks a provider's key and headers once, so that a request cannot fail for them.
 *
 * @throws `invalid_request` (field `headers.<name>` or `api_key`) for a name that is reserved or no header name,
 *   for a value that is no header value, and for the header of the key beside a key
 */
export function checkHeaders(
  headers: ConfiguredHeaders,
  apiKey: Secret | undefined,
  keyHeader: KeyHeader = "authorization",
): void {
  const taken = apiKey && keyHeader;
  for (const [name, value] of Object.entries(headers)) checkHeader(name.toLowerCase(), plain(value), taken);
  if (apiKey && !keyValue.test(apiKey.reveal()))
    throw new ProxyError("invalid_request", "api_key must be visible ASCII characters without spaces", {
      field: "api_key",
    });
}

function checkHeader(name: string, value: string, taken: KeyHeader | undefined): void {
  const field = `headers.${name}`;
  if (!headerName.test(name))
    throw new ProxyError("invalid_request", `${field} is not a header name`, { field });
  if (reserved.test(name)) throw new ProxyError("invalid_request", `${field} is set by llmproxy`, { field });
  if (name === taken)
    throw new ProxyError("invalid_request", `${field} and api_key exclude each other`, { field });
  if (!headerValue.test(value))
    throw new ProxyError("invalid_request", `${field} must be one line of ASCII characters`, { field });
}

/** What the headers of a provider's requests are made from. */
export interface RequestHeadersOptions {
  readonly apiKey?: Secret | undefined;
  /** Where the key stands; default `authorization`. */
  readonly keyHeader?: KeyHeader | undefined;
  /** What the kind sends where neither the client nor the configuration says otherwise. */
  readonly kindHeaders?: Readonly<Record<string, string>> | undefined;
  readonly headers: ConfiguredHeaders;
  /** Where span ids come from. */
  readonly randomHex: RandomHex;
}

/** What one request says about itself. */
export interface RequestFacts {
  /** The client's headers that belong to the dialect; names in lower case. */
  readonly dialectHeaders?: Readonly<Record<string, string>> | undefined;
  /** The media type that is wanted. */
  readonly accept: string;
  readonly hasBody: boolean;
  readonly trace?: TraceContext | undefined;
}

/**
 * Writes the headers of one request. The key is read here and nowhere else.
 *
 * @throws `invalid_request` (field: the header's name) for a dialect header whose value is not one line of ASCII
 */
export type WriteHeaders = (facts: RequestFacts) => Readonly<Record<string, string>>;

/** Makes what writes the headers of a provider's requests. */
export function createHeaderWriter(options: RequestHeadersOptions): WriteHeaders {
  const { apiKey, keyHeader = "authorization", kindHeaders, randomHex } = options;
  const configured = Object.entries(options.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return ({ accept, hasBody, trace, dialectHeaders }) => {
    const headers: Record<string, string> = { accept, "user-agent": "llmproxy", ...kindHeaders };
    if (dialectHeaders) passOn(dialectHeaders, headers);
    for (const [name, value] of configured) headers[name] = plain(value);
    if (hasBody) headers["content-type"] = "application/json";
    if (apiKey) headers[keyHeader] = keyText(apiKey, keyHeader);
    if (trace) headers.traceparent = childOf(trace, randomHex);
    return headers;
  };
}

function keyText(apiKey: Secret, header: KeyHeader): string {
  return header === "authorization" ? `Bearer ${apiKey.reveal()}` : apiKey.reveal();
}

/** Whatever the edge lets through, credentials and what belongs to the connection are not the client's to set. */
function passOn(from: Readonly<Record<string, string>>, to: Record<string, string>): void {
  for (const [name, value] of Object.entries(from)) {
    if (!headerName.test(name) || reserved.test(name) || credentialNames.has(name)) continue;
    if (!headerValue.test(value))
      throw new ProxyError("invalid_request", `${name} must be one line of ASCII characters`, {
        field: name,
      });
    to[name] = value;
  }
}

/** The secrets among configured headers. */
export function secretHeaders(headers: ConfiguredHeaders): readonly Secret[] {
  return Object.values(headers).filter((value) => value instanceof Secret);
}

function plain(value: string | Secret): string {
  return typeof value === "string" ? value : value.reveal();
}

/** W3C Trace Context: the call to the upstream is a span of its own. */
function childOf({ traceId, sampled }: TraceContext, randomHex: RandomHex): string {
  return `00-${traceId}-${randomHex(8)}-${sampled ? "01" : "00"}`;
}
