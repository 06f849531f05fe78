import { describe, expect, it } from "vitest";
import { isTokenText } from "./token-text.ts";

describe("isTokenText", () => {
  it.each([["!"], ["sk-llp-v-abc"], ["eyJ.eyJ.sig=="], ["~".repeat(8192)]])("accepts %.20s", (text) => {
    expect(isTokenText(text)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["a blank inside", "a b"],
    ["a blank before", " a"],
    ["a line feed at the end", "a\n"],
    ["a carriage return", "a\r\nx: y"],
    ["NUL", "a\0"],
    ["DEL", "a\x7f"],
    ["a tab", "a\tb"],
    ["latin-1", "ä"],
    ["an emoji", "🔑"],
    ["8193 characters", "a".repeat(8193)],
  ])("refuses %s", (_, text) => {
    expect(isTokenText(text)).toBe(false);
  });
});
