import { ProxyError } from "@llmproxy/spec";
import { loadRecordings, openaiEventStream } from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "./events.ts";
import { createFrameSplitter } from "./split.ts";

/** Pushes chunks and returns what came out of each push as text. */
function split(...chunks: string[]): { out: (string | undefined)[]; remaining: number } {
  const splitter = createFrameSplitter();
  const out = chunks.map((chunk) => {
    const frames = splitter.push(Buffer.from(chunk, "latin1"));
    return frames && Buffer.from(frames).toString("latin1");
  });
  return { out, remaining: splitter.remaining() };
}

describe("createFrameSplitter", () => {
  it("passes a chunk that ends with a frame on as it is, without copying", () => {
    const chunk = Buffer.from("data: 1\n\ndata: 2\n\n");
    expect(createFrameSplitter().push(chunk)).toBe(chunk);
  });

  it("shares memory when a chunk ends within a frame", () => {
    const chunk = Buffer.from("data: 1\n\ndata: 2");
    const frames = createFrameSplitter().push(chunk);
    expect(frames?.buffer).toBe(chunk.buffer);
    expect(frames?.byteLength).toBe(9);
  });

  it.each([
    ["\\n", "\n"],
    ["\\r\\n", "\r\n"],
    ["\\r", "\r"],
  ])("cuts where a blank line ended by %s is", (_, end) => {
    expect(split(`data: 1${end}`, `${end}data: 2${end}${end}data: 3`, end, end)).toEqual({
      out: [undefined, `data: 1${end}${end}data: 2${end}${end}`, undefined, `data: 3${end}${end}`],
      remaining: 0,
    });
  });

  it.each([["\n\r\n"], ["\r\n\n"], ["\r\r\n"], ["\n\r"]])("takes the mixture %j for a blank line", (ends) => {
    expect(split(`data: 1${ends}data: 2`)).toEqual({ out: [`data: 1${ends}`], remaining: 7 });
  });

  it("does not take CRLF for two line ends, however it is cut", () => {
    expect(split("data: 1\r", "\n", "data: 2\r\n", "\r", "\n")).toEqual({
      out: [undefined, undefined, undefined, "data: 1\r\ndata: 2\r\n\r", "\n"],
      remaining: 0,
    });
  });

  it("tells how much of a frame is left at a cut", () => {
    expect(split("data: 1\n\ndata: 2", "34\n").remaining).toBe(10);
  });

  it("holds nothing after a stream of comments, blank lines and a byte order mark", () => {
    expect(split("\xef\xbb\xbf\n\n", ": keep-alive\n\n", "\n", "\r\n", "\r").remaining).toBe(0);
  });

  it("skips empty chunks", () => {
    expect(split("data: 1\n", "", "\n")).toEqual({
      out: [undefined, undefined, "data: 1\n\n"],
      remaining: 0,
    });
  });

  it("holds a frame up to the limit and fails beyond it", () => {
    const splitter = createFrameSplitter({ maxFrameBytes: 100 });
    for (let count = 0; count < 10; count += 1) expect(splitter.push(Buffer.alloc(10, "x"))).toBeUndefined();
    expect(splitter.remaining()).toBe(100);
    expect(() => splitter.push(Buffer.from("x"))).toThrow(
      expect.objectContaining({ code: "upstream_failed", message: expect.stringContaining("100 bytes") }),
    );
  });

  it("fails on an endless line", () => {
    const splitter = createFrameSplitter();
    const chunk = Buffer.alloc(65_536, "x");
    let pushed = 0;
    try {
      for (; pushed < 1_000; pushed += 1) splitter.push(chunk);
    } catch (error) {
      expect(ProxyError.is(error)).toBe(true);
    }
    expect(pushed).toBe(128);
  });

  it("puts a large frame that comes byte by byte together", () => {
    const frame = `data: ${"x".repeat(20_000)}\n\n`;
    const { out } = split(...frame);
    expect(out.filter((frames) => frames !== undefined)).toEqual([frame]);
  });

  it.each(["mistral", "groq", "openai-chat"] as const)(
    "cuts every recording of %s at frames, wherever it is split",
    (format) => {
      const recordings = loadRecordings(format).filter((recording) => recording.kind === "stream");
      for (const { chunks } of recordings) {
        const stream = openaiEventStream(chunks.slice(0, 8));
        const expected = readEvents(stream);
        for (let at = 0; at <= stream.length; at += 1) {
          const splitter = createFrameSplitter();
          const pieces = [stream.subarray(0, at), stream.subarray(at)].map((piece) => splitter.push(piece));
          expect(pieces.flatMap((frames) => (frames ? readEvents(frames) : []))).toEqual(expected);
          expect(splitter.remaining()).toBe(0);
        }
      }
    },
  );

  it("loses, adds and reorders nothing, and ends each output with a blank line", () => {
    const piece = fc.constantFrom("data: x", "event: e", ": c", "\n", "\r", "\r\n", "\n\n", "é");
    fc.assert(
      fc.property(fc.array(fc.array(piece).map((pieces) => pieces.join(""))), (chunks) => {
        const splitter = createFrameSplitter();
        let out = "";
        for (const chunk of chunks) {
          const frames = splitter.push(Buffer.from(chunk));
          if (!frames) continue;
          out += Buffer.from(frames).toString();
          expect(out).toMatch(/(^|[\r\n])(\r\n|\n|\r)$/);
        }
        const all = chunks.join("");
        expect(all.startsWith(out)).toBe(true);
        expect(splitter.remaining()).toBe(Buffer.byteLength(all.slice(out.length)));
        expect(all.slice(out.length)).not.toMatch(/\n\n|\r\r|\n\r/);
      }),
      { numRuns: 500 },
    );
  });
});
