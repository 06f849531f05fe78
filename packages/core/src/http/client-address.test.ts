import { describe, expect, it } from "vitest";
import { clientAddressOf } from "./client-address.ts";
import type { HttpRequest } from "./exchange.ts";

function requestFrom(remoteAddress: string | undefined, forwarded?: string): HttpRequest {
  return {
    headers: { ...(forwarded !== undefined && { "x-forwarded-for": forwarded }) },
    socket: { remoteAddress },
    on() {},
    off() {},
  };
}

describe("clientAddressOf", () => {
  it.each([
    ["no proxy is trusted", [], "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["the peer is not a trusted proxy", ["10.0.0.0/8"], "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["a trusted proxy names the client", ["10.0.0.0/8"], "10.1.1.1", "1.2.3.4", "1.2.3.4"],
    ["the client forged an entry further left", ["10.0.0.0/8"], "10.1.1.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"],
    ["there are two trusted proxies", ["10.0.0.0/8"], "10.1.1.1", "1.2.3.4, 10.2.2.2", "1.2.3.4"],
    ["a trusted proxy names nobody", ["10.0.0.0/8"], "10.1.1.1", undefined, "10.1.1.1"],
    ["a trusted proxy writes nonsense", ["10.0.0.0/8"], "10.1.1.1", "unknown", "10.1.1.1"],
    ["the socket is an IPv6 one", [], "::ffff:203.0.113.9", undefined, "203.0.113.9"],
    ["the proxy is on IPv6", ["fd00::/8"], "fd00::1", "2001:db8::7", "2001:db8::7"],
    ["a single address is trusted", ["127.0.0.1"], "::ffff:127.0.0.1", "1.2.3.4", "1.2.3.4"],
  ])("when %s", (_when, trusted, peer, forwarded, expected) => {
    expect(clientAddressOf(trusted)(requestFrom(peer, forwarded))).toBe(expected);
  });

  it.each([
    "10.0.0.0/",
    "10.0.0.0/8/9",
    "10.0.0.0/ 8",
    "10.0.0.0/33",
    "10.0.0.0/x",
    "proxy.example",
    "",
    "fd00::/129",
  ])("refuses %j as a proxy", (entry) => {
    expect(() => clientAddressOf(["10.0.0.1", entry])).toThrow(/^server\.trusted_proxies\[1\]/);
  });

  it("does not walk an endless list of hops", () => {
    const hops = Array.from({ length: 10_000 }, () => "10.0.0.1").join(", ");
    expect(clientAddressOf(["10.0.0.0/8"])(requestFrom("10.1.1.1", `1.2.3.4, ${hops}`))).toBe("10.0.0.1");
  });
});
