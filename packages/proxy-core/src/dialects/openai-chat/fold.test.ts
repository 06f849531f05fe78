import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { fold } from "./fold.ts";

describe("fold", () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ["adds members", { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ["takes the last of two values", { a: 1, id: "x" }, { a: 2, id: "y" }, { a: 2, id: "y" }],
    [
      "joins texts that come in pieces",
      { arguments: "{", data: "AA" },
      { arguments: "}", data: "BB" },
      { arguments: "{}", data: "AABB" },
    ],
    ["appends to arrays", { list: [1] }, { list: [2, 3] }, { list: [1, 2, 3] }],
    [
      "folds objects",
      { o: { a: 1, transcript: "x" } },
      { o: { b: 2, transcript: "y" } },
      { o: { a: 1, b: 2, transcript: "xy" } },
    ],
    ["keeps what null does not say", { a: 1 }, { a: null, b: null }, { a: 1, b: null }],
    ["replaces null", { a: null }, { a: [1] }, { a: [1] }],
    ["replaces what is of another type", { a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
  ])("%s", (_, before, more, expected) => {
    expect(fold(before, more)).toEqual(expected);
  });

  it("changes neither of its arguments", () => {
    const before = { list: [1], o: { a: 1 } };
    fold(before, { list: [2], o: { b: 2 } });
    expect(before).toEqual({ list: [1], o: { a: 1 } });
  });

  it("takes a member named __proto__ for a member", () => {
    const folded = fold({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.keys(folded)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(folded)).toBe(Object.prototype);
  });
});
