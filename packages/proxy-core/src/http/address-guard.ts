/**
 * Which network addresses an outbound connection may use.
 *
 * The lists follow the IANA special-purpose address registries (RFC 6890 and its successors). They are a
 * deny list on purpose: whatever is not special is public.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";

/**
 * `public`: anybody's. `private`: this machine, its network, or a special range; needs permission. `forbidden`:
 * never a model provider, but a way to a cloud's credentials (metadata services) or to many hosts at once.
 */
export type AddressClass = "public" | "private" | "forbidden";

/** Link-local ranges hold the metadata services of most clouds; the others are listed one by one. */
const forbiddenV4 = [
  "169.254.0.0/16", //       link-local: AWS, GCP, Azure, DigitalOcean, …
  "100.100.100.200/32", //   Alibaba Cloud
  "168.63.129.16/32", //     Azure
  "192.0.0.192/32", //       Oracle Cloud
  "224.0.0.0/4", //          multicast
  "255.255.255.255/32", //   broadcast
];

const forbiddenV6 = [
  "fe80::/10", //            link-local
  "fd00:ec2::254/128", //    AWS
  "fd00:ec2::23/128", //     AWS, credentials of EKS pods
  "fd20:ce::254/128", //     GCP
  "ff00::/8", //             multicast
];

const privateV4 = [
  "0.0.0.0/8", //            this host
  "10.0.0.0/8",
  "100.64.0.0/10", //        carrier-grade NAT
  "127.0.0.0/8", //          loopback
  "172.16.0.0/12",
  "192.0.0.0/24", //         protocol assignments
  "192.0.2.0/24", //         documentation
  "192.31.196.0/24", //      AS112
  "192.52.193.0/24", //      AMT
  "192.88.99.0/24", //       6to4 relays
  "192.168.0.0/16",
  "192.175.48.0/24", //      AS112
  "198.18.0.0/15", //        benchmarks
  "198.51.100.0/24", //      documentation
  "203.0.113.0/24", //       documentation
  "240.0.0.0/4", //          reserved
];

const privateV6 = [
  "::/96", //                unspecified, loopback, IPv4-compatible
  "::ffff:0:0:0/96", //      IPv4-translated (SIIT)
  "64:ff9b::/96", //         NAT64: leads to an IPv4 address
  "64:ff9b:1::/48", //       local NAT64
  "100::/63", //             discard, dummy
  "2001::/23", //            protocol assignments, Teredo among them
  "2001:db8::/32", //        documentation
  "2002::/16", //            6to4: leads to an IPv4 address
  "2620:4f:8000::/48", //    AS112
  "3fff::/20", //            documentation
  "5f00::/16", //            segment routing
  "fc00::/7", //             unique local
  "fec0::/10", //            site-local, deprecated
];

const forbidden = blockList(forbiddenV4, [...forbiddenV6, ...forbiddenV4.flatMap(embedded)]);
const restricted = blockList(privateV4, privateV6);

/** Names that lead to a cloud's metadata service, or to this machine whatever a resolver says (RFC 6761). */
const forbiddenNames = new Set(["metadata.google.internal", "metadata.goog", "metadata", "instance-data"]);
const loopbackName = /(^|\.)localhost$/;

/**
 * Tells what kind of address this is. IPv4 addresses inside IPv6 ones are seen.
 *
 * @param address - an IPv4 or IPv6 address, without brackets, with or without a zone
 * @returns `forbidden` also for what is not an address
 */
export function classifyAddress(address: string): AddressClass {
  const bare = address.split("%", 1)[0] ?? "";
  const version = isIP(bare);
  if (version === 0) return "forbidden";
  // An IPv4-mapped address (::ffff:a.b.c.d) is checked by BlockList against the IPv4 rules as well.
  const family = version === 4 ? "ipv4" : "ipv6";
  if (forbidden.check(bare, family)) return "forbidden";
  return restricted.check(bare, family) ? "private" : "public";
}

/**
 * Tells what kind of host this is as far as its name says; a name that looks public may still resolve to a
 * private address.
 *
 * @param host - a lower-case name or an address, without brackets and final dot
 */
export function classifyHost(host: string): AddressClass {
  if (isIP(host) !== 0) return classifyAddress(host);
  if (forbiddenNames.has(host)) return "forbidden";
  return loopbackName.test(host) ? "private" : "public";
}

function blockList(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of v4) addRange(list, range, "ipv4");
  for (const range of v6) addRange(list, range, "ipv6");
  return list;
}

function addRange(list: BlockList, range: string, family: "ipv4" | "ipv6"): void {
  const [network = "", prefix] = range.split("/");
  list.addSubnet(network, Number(prefix), family);
}

/** The same IPv4 range where IPv6 carries IPv4: compatible, translated, NAT64 and 6to4 (RFC 4291, 6052, 3056). */
function embedded(range: string): readonly string[] {
  const [network = "", prefix] = range.split("/");
  const bits = Number(prefix);
  const [a = 0, b = 0, c = 0, d = 0] = network.split(".").map(Number);
  const groups = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
  return [
    `::${network}/${96 + bits}`,
    `::ffff:0:${network}/${96 + bits}`,
    `64:ff9b::${network}/${96 + bits}`,
    `2002:${groups}::/${16 + bits}`,
  ];
}
