import { describe, expect, it } from "vitest";
import { parseTokenLifetime } from "./token-lifetime.ts";

const day = 86_400_000;

describe("parseTokenLifetime", () => {
  it.each([
    ["1d", 1],
    ["30d", 30],
    ["6m", 180],
    ["1y", 365],
    ["100y", 36_500],
    ["1 day", 1],
    ["90 days", 90],
    ["90 Days", 90],
    [" 2Y ", 730],
  ])("reads %s as %i days", (text, days) => {
    expect(parseTokenLifetime(text)).toBe(days * day);
  });

  it.each([
    "",
    "d",
    "0d",
    "-1d",
    "1.5d",
    "1h",
    "1 year",
    "30",
    "1dd",
    "101y",
    "99999y",
    "1e3d",
    "1  days",
    "١d",
  ])("refuses %j", (text) => {
    expect(() => parseTokenLifetime(text)).toThrow(
      expect.objectContaining({ code: "invalid_request", field: "ttl" }),
    );
  });
});
