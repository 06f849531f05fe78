/**
 * Which client an address stands for.
 *
 * @module
 */

import { isIPv6, SocketAddress } from "node:net";

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
const maxLength = 64;
const groupsInPrefix = 4;
const groupsInAddress = 8;

/**
 * Gives the name under which an address is counted. An IPv4 address stands for itself, also when it comes mapped
 * into IPv6. An IPv6 address stands for its /64, because that is what a single client is usually given (RFC 6177)
 * and may choose freely in. What is no address stands for itself too; what is longer than 64 characters is
 * counted together, so that a name takes little memory whatever an edge passes on.
 */
export function addressKey(address: string): string {
  if (address.length > maxLength) return "other";
  // Most are IPv4, and asked for with each request while anybody is watched: one look tells those.
  if (!address.includes(":") || !isIPv6(address)) return address;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  const [, ipv4] = mapped.exec(canonical) ?? [];
  return ipv4 ?? `${prefixOf(canonical)}::/64`;
}

/** The first four groups of an address as `inet_ntop` writes it. */
function prefixOf(canonical: string): string {
  const [head = "", tail] = canonical.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = new Array<string>(Math.max(0, groupsInAddress - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].slice(0, groupsInPrefix).join(":");
}

/** An IPv4 address at the end counts as one group here; it stands behind the prefix in any case. */
function groupsOf(part: string): readonly string[] {
  return part === "" ? [] : part.split(":");
}
