import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defined, isDeeperThan, isObject, objectOf, rest, sameJson, textOf, unlessEmpty } from "./value.ts";

describe("isObject", () => {
  it.each([
    [{}, true],
    [[], false],
    [null, false],
    ["text", false],
    [undefined, false],
  ])("of %j is %s", (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});

describe("objectOf and textOf", () => {
  it("pass on what they are named after and nothing else", () => {
    expect([objectOf({ a: 1 }), objectOf([]), objectOf(null)]).toEqual([{ a: 1 }, undefined, undefined]);
    expect([textOf("a"), textOf(""), textOf(1), textOf(null)]).toEqual([
      "a",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("rest", () => {
  it("leaves out the named members unless they are null", () => {
    expect(rest({ a: 1, b: null, c: 3 }, new Set(["a", "b"]))).toEqual({ b: null, c: 3 });
  });

  it("keeps a member named __proto__ as a member", () => {
    const kept = rest(JSON.parse('{"__proto__":{"a":1}}'), new Set());
    expect(Object.keys(kept)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
  });
});

describe("defined", () => {
  it("leaves out undefined members only", () => {
    expect(Object.keys(defined({ a: undefined, b: null, c: 0, d: "" }))).toEqual(["b", "c", "d"]);
  });
});

describe("unlessEmpty", () => {
  it("turns an object without members into undefined", () => {
    expect([unlessEmpty({}), unlessEmpty({ a: null })]).toEqual([undefined, { a: null }]);
  });
});

describe("sameJson", () => {
  it.each([
    [{ a: 1, b: [2, { c: null }] }, { b: [2, { c: null }], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: null }, { b: null }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, undefined, false],
    ["1", 1, false],
  ])("of %j and %j is %s", (left, right, expected) => {
    expect(sameJson(left, right)).toBe(expected);
  });

  it("holds for a value and its copy", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(sameJson(JSON.parse(text), JSON.parse(text))).toBe(true);
      }),
    );
  });
});

describe("isDeeperThan", () => {
  it.each([
    ["text", 0, false],
    [[], 1, false],
    [[], 0, true],
    [{ a: [1] }, 2, false],
    [{ a: [{}] }, 2, true],
  ])("of %j and %i is %s", (value, maxDepth, expected) => {
    expect(isDeeperThan(value, maxDepth)).toBe(expected);
  });

  it("does not run out of stack on what is very deep", () => {
    expect(isDeeperThan(JSON.parse("[".repeat(100_000) + "]".repeat(100_000)), 64)).toBe(true);
  });
});
