import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimeText } from "./time-text.ts";

describe("createTimeText", () => {
  it("writes times as dates do, whichever came before", () => {
    const timeText = createTimeText();
    const moment = fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9_999, 11, 31) });
    fc.assert(
      fc.property(moment, fc.nat(2_000), (atMs, laterMs) => {
        for (const each of [atMs, atMs + laterMs, atMs])
          expect(timeText(each)).toBe(new Date(each).toISOString());
      }),
    );
  });

  it("leaves out what is less than a millisecond", () => {
    expect(createTimeText()(1_999.9)).toBe("1970-01-01T00:00:01.999Z");
  });
});
