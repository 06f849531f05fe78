/**
 * Makes sure that a request names one well-formed host (RFC 9110 §7.2, RFC 9112 §3.2, RFC 9113 §8.3.1).
 *
 * @module
 */

import { badRequest, type Refusal } from "./refusal.ts";

// A name, an IPv4 address or an IPv6 address in brackets, with a port perhaps; no user, no path.
const hostPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

const missingHost = badRequest("the request must name its host", { closes: true });
const malformedHost = badRequest("the host must be a name or an ip address, with a port at most", {
  closes: true,
});
const otherAuthority = badRequest("the headers :authority and host must be the same");

/**
 * Checks the host of a request.
 *
 * @param head - the HTTP version; only HTTP/1.0 may do without a host
 * @param fields - headers that came once, by lower-case name
 * @returns why the request is refused, or `undefined`
 */
export function checkHost(
  head: { readonly version: string },
  fields: ReadonlyMap<string, string>,
): Refusal | undefined {
  const host = fields.get("host");
  const authority = fields.get(":authority");
  if (host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase())
    return otherAuthority;
  const named = authority ?? host;
  if (named === undefined) return head.version === "1.0" ? undefined : missingHost;
  return hostPattern.test(named) ? undefined : malformedHost;
}
