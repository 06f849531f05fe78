/**
 * What an upstream gets to see beside the body.
 *
 * An allow list: of the client's own headers only those go through that the edge has chosen as part of the dialect.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { ProxyError, Secret, type TraceContext } from "@llmproxy/spec";

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

/** What one request says about itself. */
export interface RequestHeadersOptions {
  readonly apiKey: Secret | undefined;
  /** Where the key stands; default `authorization`. */
  readonly keyHeader?: KeyHeader | undefined;
  /** What the kind sends where neither the client nor the configuration says otherwise. */
  readonly kindHeaders?: Readonly<Record<string, string>> | undefined;
  /** The client's headers that belong to the dialect; names in lower case. */
  readonly dialectHeaders?: Readonly<Record<string, string>> | undefined;
  readonly headers: ConfiguredHeaders;
  /** The media type that is wanted. */
  readonly accept: string;
  readonly hasBody: boolean;
  readonly trace?: TraceContext | undefined;
}

/**
 * The headers of one request. The key is read here and nowhere else.
 *
 * @throws `invalid_request` (field: the header's name) for a dialect header whose value is not one line of ASCII
 */
export function requestHeaders(options: RequestHeadersOptions): Readonly<Record<string, string>> {
  const { apiKey, keyHeader = "authorization", accept, hasBody, trace } = options;
  return {
    accept,
    "user-agent": "llmproxy",
    ...options.kindHeaders,
    ...passedOn(options.dialectHeaders ?? {}),
    ...lowerCased(options.headers),
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(apiKey ? { [keyHeader]: keyText(apiKey, keyHeader) } : {}),
    ...(trace ? { traceparent: childOf(trace) } : {}),
  };
}

function keyText(apiKey: Secret, header: KeyHeader): string {
  return header === "authorization" ? `Bearer ${apiKey.reveal()}` : apiKey.reveal();
}

/** Whatever the edge lets through, credentials and what belongs to the connection are not the client's to set. */
function passedOn(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!headerName.test(name) || reserved.test(name) || credentialNames.has(name)) continue;
    if (!headerValue.test(value))
      throw new ProxyError("invalid_request", `${name} must be one line of ASCII characters`, {
        field: name,
      });
    passed[name] = value;
  }
  return passed;
}

function lowerCased(headers: ConfiguredHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), plain(value)]),
  );
}

/** The secrets among configured headers. */
export function secretHeaders(headers: ConfiguredHeaders): readonly Secret[] {
  return Object.values(headers).filter((value) => value instanceof Secret);
}

function plain(value: string | Secret): string {
  return typeof value === "string" ? value : value.reveal();
}

/** W3C Trace Context: the call to the upstream is a span of its own. */
function childOf({ traceId, sampled }: TraceContext): string {
  return `00-${traceId}-${randomBytes(8).toString("hex")}-${sampled ? "01" : "00"}`;
}
