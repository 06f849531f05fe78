import { describe, expect, it } from "vitest";
import { clampTimeout } from "./clamp-timeout.ts";

const clamped = (name: string, value: string): string => {
  const headers = { [name]: value };
  clampTimeout(headers, 600_000);
  return headers[name] ?? "";
};

describe("clampTimeout", () => {
  it.each([
    ["99999999H", "600000m"],
    ["11M", "600000m"],
    ["601S", "600000m"],
    ["600001m", "600000m"],
    ["600S", "600S"],
    ["10M", "10M"],
    ["99999999u", "99999999u"],
    ["1n", "1n"],
    ["0n", "0n"],
    ["abc", "abc"],
    ["999999999S", "999999999S"],
    ["-1S", "-1S"],
    ["99999999H, 1S", "99999999H, 1S"],
    ["", ""],
  ])("makes grpc-timeout %j of %j", (value, expected) => {
    expect(clamped("grpc-timeout", value)).toBe(expected);
  });

  it.each([
    ["9999999999", "600000"],
    ["600001", "600000"],
    ["600000", "600000"],
    ["0", "0"],
    ["abc", "abc"],
    ["99999999999", "99999999999"],
    ["1e9", "1e9"],
  ])("makes connect-timeout-ms %j of %j", (value, expected) => {
    expect(clamped("connect-timeout-ms", value)).toBe(expected);
  });

  it("adds no header", () => {
    const headers = {};
    clampTimeout(headers, 600_000);
    expect(headers).toEqual({});
  });
});
