import { describe, expect, it } from "vitest";
import { createFrameFinder } from "./frame-finder.ts";

describe("createFrameFinder", () => {
  it.each(["\n", "\r\n", "\r"])("finds the frame around each index, with line ends %j", (lineEnd) => {
    const frames = ["data: 1", ": comment", "event: a\ndata: 2", "data: 3"].map((frame) =>
      `${frame}\n\n`.replaceAll("\n", lineEnd),
    );
    const finder = createFrameFinder(frames.join(""));
    let start = 0;
    for (const frame of frames) {
      for (let index = 0; index < frame.length; index += 1)
        expect(finder.around(start + index)).toEqual({ start, end: start + frame.length });
      start += frame.length;
    }
  });

  it("takes what follows the last blank line for a frame", () => {
    expect(createFrameFinder("data: 1\n\ndata").around(10)).toEqual({ start: 9, end: 13 });
    expect(createFrameFinder("data: 1\r\n\r\ndata").around(12)).toEqual({ start: 11, end: 15 });
    expect(createFrameFinder("").around(0)).toEqual({ start: 0, end: 0 });
  });
});
