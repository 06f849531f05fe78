/**
 * Which hosts a provider may have, as far as their name tells. What a name resolves to is checked where the
 * connection is made.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";

/** `public`: fine; `private`: fine when asked for; `forbidden`: never. */
export type HostClass = "public" | "private" | "forbidden";

/** Special-purpose IPv4 blocks. @see https://www.iana.org/assignments/iana-ipv4-special-registry */
const privateIpv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "240.0.0.0/4",
];

/** Special-purpose IPv6 blocks. @see https://www.iana.org/assignments/iana-ipv6-special-registry */
const privateIpv6 = [
  "::1/128",
  "100::/63",
  "2001::/23",
  "2001:db8::/32",
  "2620:4f:8000::/48",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fec0::/10",
];

/** Link-local addresses and metadata services, which hand out credentials; and those of many hosts at once. */
const forbiddenBlocks = [
  "169.254.0.0/16",
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
  "224.0.0.0/4",
  "255.255.255.255/32",
  "fe80::/10",
  "fd00:ec2::23/128",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
  "ff00::/8",
];

/** IPv6 forms that carry an IPv4 address; whoever means that address writes it as such. */
const embeddedIpv4 = ["::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"];

const forbiddenNames: ReadonlySet<string> = new Set([
  "instance-data",
  "metadata",
  "metadata.goog",
  "metadata.google.internal",
]);

/** No block: `BlockList` takes the mapped form for the IPv4 address in it, so one would match all of IPv4. */
const mappedIpv4 = /^::ffff:/;

const privateAddresses = blockList([...privateIpv4, ...privateIpv6]);
const forbiddenAddresses = blockList(forbiddenBlocks);
const embeddedAddresses = blockList(embeddedIpv4);

/**
 * Classifies the host of a URL.
 *
 * @param hostname - as the WHATWG URL parser gives it: numeric forms resolved, IPv6 in brackets
 */
export function classifyHost(hostname: string): HostClass {
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.+$/, "")
    .toLowerCase();
  const version = isIP(host);
  if (version === 0) return classifyName(host);
  if (version === 4) return classifyAddress(host, "ipv4");
  const isEmbedded = mappedIpv4.test(host) || embeddedAddresses.check(host, "ipv6");
  return isEmbedded && host !== "::1" ? "forbidden" : classifyAddress(host, "ipv6");
}

function classifyName(name: string): HostClass {
  if (name === "" || forbiddenNames.has(name)) return "forbidden";
  return name === "localhost" || name.endsWith(".localhost") ? "private" : "public";
}

function classifyAddress(address: string, family: "ipv4" | "ipv6"): HostClass {
  if (forbiddenAddresses.check(address, family)) return "forbidden";
  return privateAddresses.check(address, family) ? "private" : "public";
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = "", prefix] = block.split("/");
    list.addSubnet(network, Number(prefix), isIP(network) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
