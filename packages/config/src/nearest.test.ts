import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const keys = ["host", "port", "workers", "max_body_bytes", "drain_delay", "drain_timeout"];

describe("nearest", () => {
  it.each([
    ["prot", "port"],
    ["hots", "host"],
    ["rpot", undefined],
    ["por", "port"],
    ["ports", "port"],
    ["PORT", "port"],
    ["max_body_byte", "max_body_bytes"],
    ["maxBodyBytes", "max_body_bytes"],
    ["drain_timout", "drain_timeout"],
    ["drain-delay", "drain_delay"],
    ["listen", undefined],
    ["", undefined],
  ])("takes %j for %j", (name, expected) => {
    expect(nearest(name, keys)).toBe(expected);
  });

  it("prefers the smaller distance and, in a tie, the earlier candidate", () => {
    expect(nearest("abcdef", ["abcxyf", "abcdex", "abcdey"])).toBe("abcdex");
  });

  it("knows nothing near without candidates", () => {
    expect(nearest("anything", [])).toBeUndefined();
  });

  it("does not compare very long names", () => {
    expect(nearest("p".repeat(100_000), keys, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(nearest("port", ["p".repeat(100_000)], Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it("always names one when any distance will do", () => {
    expect(nearest("zzzz", keys, Number.POSITIVE_INFINITY)).toBe("host");
  });
});
