import { describe, expect, it } from "vitest";
import { classifyAddress, classifyHost } from "./address-guard.ts";

describe("classifyAddress", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.1",
    "169.253.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
  ])("finds %s public", (address) => {
    expect(classifyAddress(address)).toBe("public");
  });

  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.201",
    "127.0.0.1",
    "127.255.255.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.19.255.255",
    "203.0.113.9",
    "240.0.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.1.2.3",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456:789a::1",
    "fec0::1",
    "fd00:ec2::253",
  ])("finds %s private", (address) => {
    expect(classifyAddress(address)).toBe("private");
  });

  it.each([
    ["link-local", "169.254.0.1"],
    ["AWS, GCP, Azure metadata", "169.254.169.254"],
    ["ECS task metadata", "169.254.170.2"],
    ["AWS metadata over IPv6", "fd00:ec2::254"],
    ["GCP metadata over IPv6", "fd20:ce::254"],
    ["Alibaba metadata", "100.100.100.200"],
    ["Azure's host", "168.63.129.16"],
    ["Oracle metadata", "192.0.0.192"],
    ["link-local over IPv6", "fe80::1"],
    ["a zone", "fe80::1%eth0"],
    ["multicast", "224.0.0.1"],
    ["multicast over IPv6", "ff02::1"],
    ["broadcast", "255.255.255.255"],
    ["IPv4-mapped metadata", "::ffff:169.254.169.254"],
    ["IPv4-mapped metadata in hex", "::ffff:a9fe:a9fe"],
    ["IPv4-compatible metadata", "::169.254.169.254"],
    ["IPv4-translated metadata", "::ffff:0:169.254.169.254"],
    ["metadata through NAT64", "64:ff9b::a9fe:a9fe"],
    ["metadata through 6to4", "2002:a9fe:a9fe::1"],
    ["Alibaba metadata through NAT64", "64:ff9b::100.100.100.200"],
    ["no address", "example.com"],
    ["nothing", ""],
  ])("forbids %s", (_, address) => {
    expect(classifyAddress(address)).toBe("forbidden");
  });
});

describe("classifyHost", () => {
  it.each([
    ["api.openai.com", "public"],
    ["localhost.example.com", "public"],
    ["notlocalhost", "public"],
    ["localhost", "private"],
    ["api.localhost", "private"],
    ["10.0.0.1", "private"],
    ["metadata.google.internal", "forbidden"],
    ["169.254.169.254", "forbidden"],
  ])("finds %s %s", (host, kind) => {
    expect(classifyHost(host)).toBe(kind);
  });
});
