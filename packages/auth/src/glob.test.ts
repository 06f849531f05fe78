import { describe, expect, it } from "vitest";
import { matchesGlob } from "./glob.ts";

describe("matchesGlob", () => {
  it.each([
    ["gpt-4o", "gpt-4o"],
    ["*", ""],
    ["*", "anything/at:all"],
    ["**", ""],
    ["***", "abc"],
    ["", ""],
    ["gpt-*", "gpt-"],
    ["gpt-*", "gpt-4o-mini"],
    ["*-mini", "gpt-4o-mini"],
    ["*-mini", "-mini"],
    ["openai/*", "openai/gpt-4o"],
    ["*/*", "a/b/c"],
    ["a*b", "ab"],
    ["a*b", "abb"],
    ["a*b*c", "aXbYbZc"],
    ["a*bb*b", "abbb"],
    ["*aab*", "aaab"],
    ["a*a", "aa"],
    ["*.*", "gpt-4.1"],
  ])("%j matches %j", (pattern, text) => {
    expect(matchesGlob(pattern, text)).toBe(true);
  });

  it.each([
    ["gpt-4o", "gpt-4o-mini"],
    ["gpt-4o", "GPT-4o"],
    ["gpt-4o", " gpt-4o"],
    ["", "a"],
    ["gpt-*", "my-gpt-4o"],
    ["gpt-*", "Gpt-4o"],
    ["*-mini", "gpt-4o-mini-high"],
    ["a*a", "a"],
    ["ab*ba", "aba"],
    ["a*b*c", "acb"],
    ["a*bb*b", "abb"],
    ["*ab*ab*", "ab"],
    ["gpt-4.1", "gpt-4x1"],
    ["gpt-?", "gpt-4"],
    ["[a-z]*", "abc"],
    ["gpt*", "x\ngpt"],
    ["(a+)+$", "aaaa"],
  ])("%j does not match %j", (pattern, text) => {
    expect(matchesGlob(pattern, text)).toBe(false);
  });

  it("agrees with a plain definition on every short pattern and text", () => {
    const words = (alphabet: string, longest: number): string[] =>
      longest === 0
        ? [""]
        : ["", ...[...alphabet].flatMap((head) => words(alphabet, longest - 1).map((tail) => head + tail))];
    const matches = (pattern: string, text: string): boolean => {
      if (pattern === "") return text === "";
      if (pattern[0] === "*")
        return matches(pattern.slice(1), text) || (text !== "" && matches(pattern, text.slice(1)));
      return pattern[0] === text[0] && matches(pattern.slice(1), text.slice(1));
    };
    const wrong = words("ab*", 5).flatMap((pattern) =>
      words("ab", 5)
        .filter((text) => matchesGlob(pattern, text) !== matches(pattern, text))
        .map((text) => [pattern, text]),
    );
    expect(wrong).toEqual([]);
  });

  it("does not try again: a pattern that would keep a backtracking matcher busy for years is answered at once", () => {
    expect(matchesGlob(`${"a*".repeat(100)}b`, "a".repeat(20_000))).toBe(false);
    expect(matchesGlob("*a".repeat(100), `${"a".repeat(20_000)}b`)).toBe(false);
  });
});
