import { describe, expect, it } from "vitest";
import { streamEnd } from "./stream-end.ts";

describe("streamEnd", () => {
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
    expect(streamEnd.find(Buffer.from(frames))).toBe(start);
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
    expect(streamEnd.find(Buffer.from(frames))).toBe(-1);
  });

  it("finds the frame it writes", () => {
    expect(streamEnd.find(Buffer.from(streamEnd.frame))).toBe(0);
  });
});
