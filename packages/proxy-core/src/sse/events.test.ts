import { describe, expect, it } from "vitest";
import { dataFrame, readEvents } from "./events.ts";

const read = (text: string) => readEvents(Buffer.from(text));

describe("readEvents", () => {
  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("reads events whose lines end with %s", (_, end) => {
    expect(read(["event: a", "data: 1", "data: 2", "", "data:3", "", ""].join(end))).toEqual([
      { event: "a", data: "1\n2" },
      { event: "", data: "3" },
    ]);
  });

  it.each([
    ["a byte order mark", "\uFEFFdata: 1\n\n", [{ event: "", data: "1" }]],
    ["comments", ": hello\n:\ndata: 1\n: inside\n\n", [{ event: "", data: "1" }]],
    ["id and retry", "id: 1\nretry: 5\ndata: 1\n\n", [{ event: "", data: "1" }]],
    ["fields it does not know", "date: 1\n data: 2\ndata: 1\n\n", [{ event: "", data: "1" }]],
    ["events without data", "event: ping\n\ndata: 1\n\n", [{ event: "", data: "1" }]],
    ["blank lines", "\n\n\ndata: 1\n\n\n", [{ event: "", data: "1" }]],
    ["an event that is not ended", "data: 1\n\ndata: 2\n", [{ event: "", data: "1" }]],
    ["a line that is not ended", "data: 1\n\ndata: 2", [{ event: "", data: "1" }]],
  ])("skips %s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ["data", ""],
    ["data:", ""],
    ["data: ", ""],
    ["data:  two spaces", " two spaces"],
    ["data: a: b", "a: b"],
  ])("takes the value of %j to be %j", (line, data) => {
    expect(read(`${line}\n\n`)).toEqual([{ event: "", data }]);
  });

  it("does not end lines at the separators of other standards", () => {
    expect(read("data: a\u2028b\u0085c\vd\n\n")).toEqual([{ event: "", data: "a\u2028b\u0085c\vd" }]);
  });

  it("refuses bytes that are not UTF-8", () => {
    const frames = Buffer.concat([Buffer.from("data: "), Buffer.from([0xff, 0xfe]), Buffer.from("\n\n")]);
    expect(() => readEvents(frames)).toThrow(expect.objectContaining({ code: "upstream_failed" }));
  });
});

describe("dataFrame", () => {
  it("writes one frame that is read back", () => {
    const frame = dataFrame({ text: "line\nend\r\n\u2028 😀" });
    expect(frame).toMatch(/^data: [^\r\n]*\n\n$/);
    expect(read(frame).map(({ data }) => JSON.parse(data))).toEqual([{ text: "line\nend\r\n\u2028 😀" }]);
  });
});
