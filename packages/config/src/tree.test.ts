import { describe, expect, it } from "vitest";
import { listAt, maxDepth, readTree, textAt, valueAt } from "./tree.ts";

/** A map nested `depth` times. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

describe("readTree", () => {
  it("copies maps, lists and scalars", () => {
    const value = { a: [1, "x", true, null, { b: 2.5 }], c: {} };
    const { tree, findings } = readTree(value);
    expect({ tree, findings }).toEqual({ tree: value, findings: [] });
    expect(tree).not.toBe(value);
  });

  it("leaves out keys whose value is undefined", () => {
    expect(readTree({ a: undefined, b: 1 })).toEqual({ tree: { b: 1 }, findings: [] });
  });

  it.each(["__proto__", "constructor", "prototype"])("refuses the key %s wherever it stands", (key) => {
    const value: unknown = JSON.parse(`{"a": [{"${key}": {"polluted": true}}], "b": 1}`);
    const { tree, findings } = readTree(value);
    expect(findings).toEqual([
      { path: ["a", 0, key], message: "is not allowed as a key, choose another name" },
    ]);
    expect(tree).toEqual({ a: [{}], b: 1 });
    expect("polluted" in {}).toBe(false);
  });

  it.each([
    ["a date", new Date(0)],
    ["a big integer", 1n],
    ["a function", () => 1],
    ["a class instance", new Map()],
    ["a symbol", Symbol("x")],
  ])("refuses %s", (_, value) => {
    const { tree, findings } = readTree({ a: value, b: 1 });
    expect(tree).toEqual({ b: 1 });
    expect(findings.map(({ path }) => path)).toEqual([["a"]]);
  });

  it("keeps the places of list items it refuses", () => {
    expect(readTree([new Date(0), 1]).tree).toEqual([null, 1]);
  });

  it("refuses what is nested too deeply, and takes what is not", () => {
    expect(readTree(nested(maxDepth)).findings).toEqual([]);
    expect(readTree(nested(maxDepth + 1)).findings).toHaveLength(1);
    expect(readTree(nested(5_000)).findings).toHaveLength(1);
  });

  it("ends for a value that contains itself", () => {
    const value: { again?: unknown } = {};
    value.again = value;
    expect(readTree(value).findings).toHaveLength(1);
  });
});

describe("reading a tree that may have any form", () => {
  it("finds own values only", () => {
    expect(valueAt({ a: 1 }, "a")).toBe(1);
    expect(valueAt({}, "toString")).toBeUndefined();
    expect(valueAt([1], "length")).toBeUndefined();
    expect(valueAt("text", "length")).toBeUndefined();
    expect(valueAt(null, "a")).toBeUndefined();
  });

  it("finds text where there is text, lists where there are lists", () => {
    expect(textAt({ a: "x", b: 1 }, "a")).toBe("x");
    expect(textAt({ a: "x", b: 1 }, "b")).toBeUndefined();
    expect(listAt({ a: [1], b: "x" }, "a")).toEqual([1]);
    expect(listAt({ a: [1], b: "x" }, "b")).toEqual([]);
    expect(listAt(undefined, "a")).toEqual([]);
  });
});
