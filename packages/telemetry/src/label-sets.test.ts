import { describe, expect, it } from "vitest";
import { LabelSets } from "./label-sets.ts";
import { createScrubber } from "./scrubber.ts";

function setUp(...names: string[]) {
  let made = 0;
  return new LabelSets({ names, scrub: createScrubber(), makeCell: () => ({ number: made++ }) });
}

describe("LabelSets", () => {
  it("gives one cell for one set, in whatever order its labels come", () => {
    const sets = setUp("a", "b");
    const cell = sets.cell({ a: "x", b: "y" });
    expect(sets.cell({ b: "y", a: "x", c: "z" })).toBe(cell);
    expect(sets.cell({ a: "y", b: "x" })).not.toBe(cell);
    expect(sets.cell({ a: "x" })).toBe(sets.cell({ a: "x", b: "" }));
  });

  it("does not take the end of one value for the beginning of the next", () => {
    const sets = setUp("a", "b");
    expect(sets.cell({ a: "x\u0000", b: "y" })).not.toBe(sets.cell({ a: "x", b: "\u0000y" }));
  });

  it("measures as one what is shown as one", () => {
    const sets = setUp("a");
    expect(sets.cell({ a: "sk-0123456789abcdef" })).toBe(sets.cell({ a: "sk-fedcba9876543210" }));
    expect([...sets.series()].map(({ labels }) => labels)).toEqual([{ a: "[secret]" }]);
  });

  it("has its series from the start where there are no labels", () => {
    const sets = setUp();
    expect([...sets.series()]).toEqual([{ labels: {}, cell: { number: 0 } }]);
    expect(sets.cell({ a: "x" })).toEqual({ number: 0 });
  });

  it("keeps the order in which series were first measured", () => {
    const sets = setUp("a");
    for (const a of ["2", "1", "2", "0"]) sets.cell({ a });
    expect([...sets.series()].map(({ labels }) => labels.a)).toEqual(["2", "1", "0"]);
  });

  it("learns no more than 1,000 sets and gives all others the same cell", () => {
    const sets = setUp("a", "b");
    for (let count = 0; count < 1_000; count++) sets.cell({ a: `${count}`, b: "x" });
    expect(sets.cell({ a: "new", b: "x" })).toBe(sets.cell({ a: "0", b: "new" }));
    expect(sets.cell({ a: "other", b: "other" })).toBe(sets.cell({ a: "new", b: "x" }));
    expect([...sets.series()]).toHaveLength(1_001);
  });
});
