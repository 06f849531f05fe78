import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { freezeDeep } from "./freeze.ts";

describe("freezeDeep", () => {
  it("freezes maps and lists at every depth", () => {
    const value = freezeDeep({ a: [{ b: { c: 1 } }] });
    expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(value.a)).toBe(true);
    expect(Object.isFrozen(value.a[0]?.b)).toBe(true);
    expect(() => value.a.push({ b: { c: 2 } })).toThrow(TypeError);
  });

  it("leaves secrets readable", () => {
    expect(freezeDeep({ key: new Secret("s") }).key.reveal()).toBe("s");
  });

  it("returns scalars as they are", () => {
    expect([freezeDeep(1), freezeDeep("a"), freezeDeep(null), freezeDeep(undefined)]).toEqual([
      1,
      "a",
      null,
      undefined,
    ]);
  });
});
