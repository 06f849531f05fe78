import { describe, expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

const names = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "llama-3.3-70b", "echo"];

describe("nearestName", () => {
  it.each([
    ["gpt4o", "gpt-4o"],
    ["gpt-4o-mni", "gpt-4o-mini"],
    ["GPT-4o-MINI", "gpt-4o-mini"],
    ["gpt-4o-mini-", "gpt-4o-mini"],
    ["claude-sonet-4.5", "claude-sonnet-4-5"],
    ["ecko", "echo"],
    ["gpt-4o", "gpt-4o"],
  ])("takes %s for %s", (name, expected) => {
    expect(nearestName(name, names)).toBe(expected);
  });

  it.each(["", "gemini-2.5-pro", "x", "mistral-large-latest", "e".repeat(129)])(
    "finds nothing near %s",
    (name) => {
      expect(nearestName(name, names)).toBeUndefined();
    },
  );

  it("takes the first of several that are equally near", () => {
    expect(nearestName("abcx", ["abcd", "abce"])).toBe("abcd");
  });

  it("finds nothing among nothing", () => {
    expect(nearestName("gpt-4o", [])).toBeUndefined();
  });

  it("looks at a bounded number of candidates", () => {
    function* endless() {
      for (let index = 0; ; index += 1) yield `model-${index}`;
    }
    expect(nearestName("something else entirely", endless())).toBeUndefined();
  });
});
