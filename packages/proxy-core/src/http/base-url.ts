/**
 * Reading a provider's base URL.
 *
 * The WHATWG URL parser brings every spelling of an address (`127.1`, `0x7f.1`, `2130706433`, full-width
 * digits) into one form; what is checked is that form, and that form is what is connected to.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import { classifyHost } from "./address-guard.ts";

/** Where requests go. */
export interface BaseUrl {
  readonly protocol: "http:" | "https:";
  /** Lower-case name or address, without brackets and final dot. */
  readonly host: string;
  readonly port: number;
  /** Path to put before an endpoint's own; without final slash, empty at the root. */
  readonly path: string;
}

/** How to read a base URL. */
export interface BaseUrlOptions {
  /** Whether `http:` and private addresses are allowed. */
  readonly allowPrivate: boolean;
}

const field = "base_url";
// The URL parser would drop or rewrite these silently, so that what is shown would not be what is called.
const silentlyRewritten = /[\s\p{Cc}\\?#]/u;

/**
 * Reads and checks a base URL.
 *
 * @throws `invalid_request` (field `base_url`) when it is not an `https:` URL of a public host, or with
 *   `allowPrivate` not an `http:` or `https:` URL; for metadata addresses in either case; for user info, a
 *   query or a fragment
 */
export function parseBaseUrl(text: string, { allowPrivate }: BaseUrlOptions): BaseUrl {
  if (silentlyRewritten.test(text))
    throw refused("must not contain white space, backslashes, a query or a fragment");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw refused("is not a URL; want https://host/path");
  const { protocol } = url;
  if (protocol !== "https:" && protocol !== "http:") throw refused(`has the scheme ${protocol}, want https:`);
  if (protocol === "http:" && !allowPrivate)
    throw refused("has the scheme http:, which needs allow_private: true");
  if (url.username !== "" || url.password !== "") throw refused("must not contain user name or password");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");
  checkHost(host, allowPrivate);
  return {
    protocol,
    host,
    port: url.port === "" ? defaultPorts[protocol] : Number(url.port),
    path: url.pathname.replace(/\/+$/, ""),
  };
}

const defaultPorts = { "http:": 80, "https:": 443 };

function checkHost(host: string, allowPrivate: boolean): void {
  const kind = host === "" ? "forbidden" : classifyHost(host);
  if (kind === "forbidden") throw refused("names a host that is never allowed");
  if (kind === "private" && !allowPrivate)
    throw refused("names a private address, which needs allow_private: true");
}

function refused(what: string): ProxyError {
  return new ProxyError("invalid_request", `base_url ${what}`, { field });
}
