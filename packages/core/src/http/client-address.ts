/**
 * Whose request it is, behind proxies that may be trusted to say so.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { ProxyError } from "@llmproxy/spec";
import { type HttpRequest, headerOf } from "./exchange.ts";

/** Tells the client's address of a request. */
export type ClientAddress = (request: Pick<HttpRequest, "headers" | "socket">) => string | undefined;

/**
 * Reads `x-forwarded-for` from the right as long as the hop that reported an entry is trusted: what stands
 * further left may have been written by the client itself.
 *
 * @param trustedProxies - addresses or CIDR ranges; with none the header is ignored
 * @throws `invalid_request` (field `server.trusted_proxies[i]`) for what is neither
 */
export function clientAddressOf(trustedProxies: readonly string[]): ClientAddress {
  if (trustedProxies.length === 0) return (request) => plain(request.socket.remoteAddress);
  const trusted = blockListOf(trustedProxies);
  return (request) => {
    let address = plain(request.socket.remoteAddress);
    const hops = headerOf(request.headers, "x-forwarded-for")?.split(",").slice(-32) ?? [];
    while (address !== undefined && isTrusted(trusted, address)) {
      const hop = plain(hops.pop()?.trim());
      if (hop === undefined || isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

function isTrusted(trusted: BlockList, address: string): boolean {
  return trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** An IPv4 address is the same client whether or not the socket is an IPv6 one. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [index, entry] of entries.entries()) addRange(list, entry, `server.trusted_proxies[${index}]`);
  return list;
}

function addRange(list: BlockList, entry: string, field: string): void {
  const [address = "", prefix, ...rest] = entry.split("/");
  const version = isIP(address);
  const maxBits = version === 6 ? 128 : 32;
  const bits = prefix === undefined ? maxBits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (version === 0 || rest.length > 0 || !(bits <= maxBits))
    throw new ProxyError(
      "invalid_request",
      `${field}: expected an address or a CIDR range such as 10.0.0.0/8`,
      { field },
    );
  list.addSubnet(address, bits, version === 6 ? "ipv6" : "ipv4");
}
