import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";
import type { UpstreamResponse } from "./upstream-response.ts";

function responseOf(read: () => Promise<Buffer | undefined>): UpstreamResponse & { isDestroyed: boolean } {
  return {
    status: 200,
    headers: {},
    complete: true,
    isDestroyed: false,
    read,
    onFailure() {
      // These bodies do not fail by themselves.
    },
    destroy() {
      this.isDestroyed = true;
    },
  };
}

function pieces(all: readonly Buffer[]) {
  const left = all.values();
  return responseOf(async () => left.next().value);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

const counted = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));

/** `whole` in pieces of `size` bytes. */
const cut = (whole: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.subarray(index * size, (index + 1) * size),
  );

describe("readBody", () => {
  it("returns a body of one piece without a copy, and none as no bytes", async () => {
    const piece = Buffer.from("whole");
    expect((await readBody(pieces([piece]), 10)).bytes).toBe(piece);
    expect(await readBody(pieces([]), 10)).toEqual({ bytes: Buffer.alloc(0), isTruncated: false });
  });

  it.each([1, 2, 255, 256, 257, 512, 513, 10_000])("puts %i pieces together", async (count) => {
    for (const size of [1, 7]) {
      const whole = counted(count * size);
      const { bytes, isTruncated } = await readBody(pieces(cut(whole, size)), whole.length);
      expect(bytes.equals(whole)).toBe(true);
      expect(isTruncated).toBe(false);
    }
  });

  it("puts large pieces and tiny ones together", async () => {
    const whole = counted(300_000);
    const all = [
      whole.subarray(0, 100_000),
      ...cut(whole.subarray(100_000, 101_000), 1),
      whole.subarray(101_000),
    ];
    expect((await readBody(pieces(all), 300_000)).bytes.equals(whole)).toBe(true);
  });

  it.each([1, 3, 1_000])("stops after its bound, with pieces of %i bytes", async (size) => {
    const whole = counted(5_000);
    const response = pieces(cut(whole, size));
    const { bytes, isTruncated } = await readBody(response, 1_500);
    expect(bytes.equals(whole.subarray(0, 1_500))).toBe(true);
    expect(isTruncated).toBe(true);
    expect(response.isDestroyed).toBe(true);
  });

  it("holds the bytes of many tiny pieces, not the pieces", async () => {
    const seen: WeakRef<Buffer>[] = [];
    let alive = Infinity;
    const response = responseOf(async () => {
      if (seen.length < 2_000) {
        const piece = Buffer.from("x");
        seen.push(new WeakRef(piece));
        return piece;
      }
      // Weak references hold their targets until the running job is over.
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      alive = seen.filter((piece) => piece.deref()).length;
      return undefined;
    });
    expect((await readBody(response, 10_000)).bytes.toString()).toBe("x".repeat(2_000));
    expect(alive).toBeLessThan(300);
  });
});
