import { describe, expect, it } from "vitest";
import { classifyHost, type HostClass } from "./addresses.ts";

/** The host of a URL the way `classifyHost` gets it. */
function hostOf(written: string): string {
  return new URL(`http://${written}`).hostname;
}

const cases: readonly (readonly [HostClass, readonly string[]])[] = [
  [
    "public",
    [
      "api.openai.com",
      "8.8.8.8",
      "172.15.0.1",
      "172.32.0.1",
      "100.63.255.255",
      "[2606:4700::1111]",
      "[2400::1]",
      "localhost.example.com",
      "mylocalhost",
      "vllm",
    ],
  ],
  [
    "private",
    [
      "127.0.0.1",
      "127.1",
      "127.255.255.254",
      "0x7f.1",
      "2130706433",
      "017700000001",
      "0",
      "0.0.0.0",
      "１２７.0.0.1",
      "%31%32%37.0.0.1",
      "127.0.0.1.",
      "localhost",
      "LOCALHOST",
      "localhost.",
      "a.localhost",
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "100.64.0.1",
      "198.18.0.1",
      "203.0.113.9",
      "240.0.0.1",
      "[::1]",
      "[fc00::1]",
      "[fd12:3456::1]",
      "[2001:db8::1]",
      "[fec0::1]",
      "[0:0:0:0:0:0:0:1]",
    ],
  ],
  [
    "forbidden",
    [
      "169.254.169.254",
      "169.254.169.254.",
      "0xa9fea9fe",
      "2852039166",
      "100.100.100.200",
      "168.63.129.16",
      "192.0.0.192",
      "224.0.0.1",
      "255.255.255.255",
      "metadata.google.internal",
      "METADATA.google.internal.",
      "metadata",
      "metadata.goog",
      "instance-data",
      "[fe80::1]",
      "[fd00:ec2::254]",
      "[fd00:ec2::23]",
      "[fd20:ce::254]",
      "[ff02::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:169.254.169.254]",
      "[::ffff:8.8.8.8]",
      "[::127.0.0.1]",
      "[64:ff9b::7f00:1]",
      "[64:ff9b::a9fe:a9fe]",
      "[2002:7f00:1::]",
      "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    ],
  ],
];

describe("classifyHost", () => {
  describe.each(cases)("takes for %s", (expected, hosts) => {
    it.each(hosts)("%s", (host) => {
      expect(classifyHost(hostOf(host))).toBe(expected);
    });
  });

  it("forbids a host of dots only", () => {
    expect(classifyHost(".")).toBe("forbidden");
  });
});
