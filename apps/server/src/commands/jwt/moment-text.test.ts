import { describe, expect, it } from "vitest";
import { momentText } from "./moment-text.ts";

const now = Date.UTC(2026, 0, 1);

describe("momentText", () => {
  it.each([
    [0, "in 0 seconds"],
    [-1_000, "1 second ago"],
    [90_000, "in 2 minutes"],
    [7_199_000, "in 2 hours"],
    [-86_400_000, "1 day ago"],
    [31_535_999_000, "in 1 year"],
  ])("tells %i ms from now in words", (ms, words) => {
    expect(momentText(new Date(now + ms), now)).toMatch(
      new RegExp(`^20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC \\(${words}\\)$`),
    );
  });
});
