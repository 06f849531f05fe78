import { describe, expect, it } from "vitest";
import { randomBase62, toBase62 } from "./base62.ts";

describe("toBase62", () => {
  it.each([
    [0, 1, "0"],
    [9, 1, "9"],
    [10, 1, "A"],
    [35, 1, "Z"],
    [36, 1, "a"],
    [61, 1, "z"],
    [62, 2, "10"],
    [0, 6, "000000"],
    [2 ** 32 - 1, 6, "4gfFC3"],
    [Number.MAX_SAFE_INTEGER, 9, "fFgnDxSe7"],
  ])("writes %d in %d characters", (value, length, text) => {
    expect(toBase62(value, length)).toBe(text);
  });
});

describe("randomBase62", () => {
  it("gives as many characters as asked for, of digits and letters only", () => {
    expect(randomBase62(43)).toMatch(/^[0-9A-Za-z]{43}$/);
    expect(randomBase62(0)).toBe("");
  });

  it("uses every character about equally often", () => {
    const counts = new Map<string, number>();
    for (const character of randomBase62(62_000)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // The standard deviation is 31.4; ten of them do not happen by chance.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(314);
  });
});
