import { describe, expect, it } from "vitest";
import { assignCores, readCoreList } from "./cores.ts";

describe("assignCores", () => {
  it("cannot pin to a single core", () => {
    expect(assignCores([3])).toBeUndefined();
  });

  it("gives the subject a core of its own", () => {
    expect(assignCores([0, 1])).toEqual({ subject: 0, upstream: 1, load: 1 });
    expect(assignCores([2, 4, 6, 8])).toEqual({ subject: 2, upstream: 4, load: 6 });
  });
});

describe("readCoreList", () => {
  it.each([
    ["0-3", [0, 1, 2, 3]],
    ["5", [5]],
    ["0-1,4,8-9", [0, 1, 4, 8, 9]],
  ])("reads %s", (list, expected) => {
    expect(readCoreList(list)).toEqual(expected);
  });
});
