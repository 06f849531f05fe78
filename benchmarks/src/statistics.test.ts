import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, percentile, spread, summarize } from "./statistics.ts";

describe("percentile", () => {
  it.each([
    [0.5, [1, 2, 3, 4], 2],
    [0.99, [1, 2, 3, 4], 4],
    [0.01, [1, 2, 3, 4], 1],
    [1, [1, 2, 3, 4], 4],
    [0.5, [7], 7],
  ])("at %d of %j is %d", (share, sorted, expected) => {
    expect(percentile(sorted, share)).toBe(expected);
  });

  it("is not a number of no values", () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe("summarize", () => {
  it("takes values in any order, also those of different lengths", () => {
    expect(summarize([10, 2, 100, 3])).toEqual({ count: 4, mean: 28.75, p50: 3, p99: 100, max: 100 });
  });

  it("has a count of no values, and nothing else", () => {
    const nothing = { count: 0, mean: Number.NaN, p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
    expect(summarize([])).toEqual(nothing);
  });

  it("never tells a percentile that was not measured", () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (each) => {
        const { p50, p99, max } = summarize(each);
        expect(each).toContain(p50);
        expect(each).toContain(p99);
        expect(max).toBeGreaterThanOrEqual(p99);
        expect(p99).toBeGreaterThanOrEqual(p50);
      }),
    );
  });
});

describe("median", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[5], 5],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("is not a number of no values", () => {
    expect(median([])).toBeNaN();
  });
});

describe("spread", () => {
  it("is the distance of the quartiles as a share of the median", () => {
    expect(spread([80, 90, 100, 110, 120])).toBeCloseTo(0.2);
  });

  it("is nothing where all rounds agree", () => {
    expect(spread([5, 5, 5])).toBe(0);
  });
});
