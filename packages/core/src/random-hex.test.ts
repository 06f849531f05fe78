import { describe, expect, it } from "vitest";
import { createRandomHex } from "./random-hex.ts";

describe("randomHex", () => {
  it("gives two digits for each byte", () => {
    const randomHex = createRandomHex();
    for (const bytes of [1, 8, 10, 16, 64])
      expect(randomHex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
  });

  it("never gives the same twice, also when the pool is filled anew", () => {
    const randomHex = createRandomHex();
    const ids = Array.from({ length: 10_000 }, () => randomHex(8));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain("0".repeat(16));
  });

  it("uses every digit about as often as every other", () => {
    const randomHex = createRandomHex();
    const counts = new Map<string, number>();
    for (let index = 0; index < 1000; index += 1)
      for (const digit of randomHex(16)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(counts.size).toBe(16);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(400);
  });
});
