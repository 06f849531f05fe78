import { describe, expect, it } from "vitest";
import { createRandomHex } from "./random-hex.ts";

describe("createRandomHex", () => {
  it("makes two digits for each byte", () => {
    const randomHex = createRandomHex();
    for (const bytes of [1, 8, 16, 256])
      expect(randomHex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
  });

  it("never makes the same twice, also beyond what it asks the system for at a time", () => {
    const randomHex = createRandomHex();
    const made = new Set(Array.from({ length: 5_000 }, () => randomHex(8)));
    expect(made.size).toBe(5_000);
  });
});
