import { describe, expect, it } from "vitest";
import { addressKey } from "./address-key.ts";

describe("addressKey", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:c000:0207", "192.0.2.7"],
  ])("takes the IPv4 address %s for %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:3::1", "2001:db8:0:3::/64"],
    ["1::4:5:0:0:8", "1:0:0:4::/64"],
    ["1::8", "1:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["::5:6:7:8:9", "0:0:0:5::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("takes the IPv6 address %s for its network %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it("takes two networks for two clients", () => {
    expect(addressKey("2001:db8:1:2::1")).not.toBe(addressKey("2001:db8:1:3::1"));
  });

  it.each(["", "unknown", "_hidden", "192.0.2.300", "2001:db8:::1"])(
    "leaves %j, which is no address, as it is",
    (text) => {
      expect(addressKey(text)).toBe(text);
    },
  );

  it("counts texts of more than 64 characters together", () => {
    expect([addressKey("a".repeat(65)), addressKey("b".repeat(10_000))]).toEqual(["other", "other"]);
    expect(addressKey("a".repeat(64))).toBe("a".repeat(64));
  });
});
