import { describe, expect, it } from "vitest";
import { createBoundedCache } from "./bounded-cache.ts";

describe("createBoundedCache", () => {
  it("gives back what was put, and nothing else", () => {
    const cache = createBoundedCache<number>(2);
    cache.set("a", 0);
    expect([cache.get("a"), cache.get("b")]).toEqual([0, undefined]);
  });

  it("drops what was used longest ago when it is full", () => {
    const cache = createBoundedCache<number>(2);
    cache.set("a", 1);
    cache.set("b", 2);
    cache.get("a");
    cache.set("c", 3);
    expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size]).toEqual([1, undefined, 3, 2]);
  });

  it("counts putting as use, and replaces without dropping another", () => {
    const cache = createBoundedCache<number>(2);
    cache.set("a", 1);
    cache.set("b", 2);
    cache.set("a", 3);
    expect([cache.get("b"), cache.size]).toEqual([2, 2]);
    cache.set("c", 4);
    expect(cache.get("a")).toBeUndefined();
  });

  it("keeps the order of use where the newest is used again, dropped and put back", () => {
    const cache = createBoundedCache<number>(2);
    cache.set("a", 1);
    cache.set("b", 2);
    cache.get("b");
    cache.delete("b");
    cache.get("a");
    cache.set("b", 3);
    cache.get("a");
    cache.get("a");
    cache.set("c", 4);
    expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual([1, undefined, 4]);
  });

  it("takes names of Object.prototype for names", () => {
    const cache = createBoundedCache<number>(2);
    expect([cache.get("__proto__"), cache.get("constructor")]).toEqual([undefined, undefined]);
    cache.set("__proto__", 1);
    expect(cache.get("__proto__")).toBe(1);
  });

  it("drops one or everything on request", () => {
    const cache = createBoundedCache<number>(3);
    for (const key of ["a", "b", "c"]) cache.set(key, 1);
    cache.delete("a");
    cache.delete("a");
    expect([cache.get("a"), cache.size]).toEqual([undefined, 2]);
    cache.clear();
    expect(cache.size).toBe(0);
  });

  it("never holds more than its bound", () => {
    const cache = createBoundedCache<number>(100);
    for (let key = 0; key < 10_000; key++) cache.set(`${key}`, key);
    expect([cache.size, cache.get("9900"), cache.get("9899")]).toEqual([100, 9900, undefined]);
  });
});
