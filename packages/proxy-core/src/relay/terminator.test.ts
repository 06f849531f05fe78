import { describe, expect, it } from "vitest";
import { terminatorStart, terminatorValue } from "./terminator.ts";

const value = terminatorValue("data: [DONE]\n\n");

describe("terminatorValue", () => {
  it("is the value of the data line, empty where a dialect has none", () => {
    expect(value.toString()).toBe("[DONE]");
    expect(terminatorValue("").length).toBe(0);
  });
});

describe("terminatorStart", () => {
  it.each([
    ["data: [DONE]\n\n", 0],
    ["data:[DONE]\n\n", 0],
    ["data: [DONE]\r\n\r\n", 0],
    ["data: [DONE]\r\r", 0],
    ["data: [DONE]\n\n\n\n", 0],
    ["data: {}\n\ndata: [DONE]\n\n", 10],
    [": comment\n\ndata:[DONE]\r\n\r\n", 11],
    ["data: [DONE] \n\n", 0],
    ["data: \t[DONE]\t \r\n\r\n", 0],
    ["data: [DONE]\n\n: ping\n\n", 0],
    ["data: {}\n\ndata: [DONE]\n\ndata: {}\n\ndata: [DONE]\n\n", 10],
    ["data: {}\n\nevent: done\ndata: [DONE]\n\n", 10],
    ["data: {}\r\n\r\nevent: done\r\nid: 1\r\ndata: [DONE]\r\n\r\n", 12],
    ["data: {}\r\revent: done\rdata: [DONE]\r\r", 10],
    ['data: "[DONE]"\n\ndata: [DONE]\n\n', 16],
    ["\uFEFFdata: [DONE]\n\n", 0],
  ])("finds it in %j", (frames, start) => {
    expect(terminatorStart(Buffer.from(frames), value)).toBe(start);
  });

  it.each([
    "",
    "\n\n",
    "data: {}\n\n",
    'data: "[DONE]"\n\n',
    'data: {"content":"data: [DONE]"}\n\n',
    "data: x[DONE]\n\n",
    "xdata: [DONE]\n\n",
    ": [DONE]\n\n",
    "[DONE]\n\n",
    "DONE]\n\n",
    "data: [DONE] x\n\n",
    "data: [DONE]x\n\n",
    "data: [done]\n\n",
  ])("does not find it in %j", (frames) => {
    expect(terminatorStart(Buffer.from(frames), value)).toBe(-1);
  });

  it("finds nothing where there is nothing to look for", () => {
    expect(terminatorStart(Buffer.from("data: x\n\n"), terminatorValue(""))).toBe(-1);
  });
});
