import { describe, expect, it } from "vitest";
import { createByteBuffer } from "./byte-buffer.ts";

describe("createByteBuffer", () => {
  it("is empty at first", () => {
    expect(createByteBuffer().bytes()).toEqual(Buffer.alloc(0));
  });

  it("does not copy a single piece", () => {
    const buffer = createByteBuffer();
    const piece = Buffer.from("whole");
    buffer.add(piece);
    expect(buffer.bytes().buffer).toBe(piece.buffer);
  });

  it.each([1, 2, 7, 16_384, 20_000])("puts pieces of %i bytes together", (size) => {
    const buffer = createByteBuffer();
    const whole = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
    for (let start = 0; start < whole.length; start += size) buffer.add(whole.subarray(start, start + size));
    expect(buffer.length).toBe(whole.length);
    expect(buffer.bytes().equals(whole)).toBe(true);
  });

  it("leaves the pieces it was given as they were", () => {
    const buffer = createByteBuffer();
    const first = Buffer.from("aaaa");
    buffer.add(first.subarray(0, 2));
    buffer.add(Buffer.from("bb"));
    expect([first.toString(), buffer.bytes().toString()]).toEqual(["aaaa", "aabb"]);
  });

  it("keeps a body of single bytes in little more than its size", () => {
    const buffer = createByteBuffer();
    for (let count = 0; count < 100_000; count += 1) buffer.add(Buffer.from([1]));
    expect(buffer.bytes().buffer.byteLength).toBeLessThan(300_000);
  });
});
