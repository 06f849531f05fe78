import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createRefusalWindows } from "./refusal-windows.ts";

function setUp(limits: { readonly maxRefusals?: number; readonly maxAddresses?: number } = {}) {
  const clock = createFakeClock();
  const windows = createRefusalWindows({
    clock,
    maxRefusals: 3,
    windowMs: 60_000,
    maxAddresses: 100,
    ...limits,
  });
  const record = (address: string, times = 1): void => {
    for (let time = 0; time < times; time++) windows.record(address);
  };
  return { clock, record, waitMs: windows.waitMs };
}

describe("createRefusalWindows", () => {
  it("welcomes an address until it has had as many refusals as it may", () => {
    const { record, waitMs } = setUp();
    record("a", 2);
    expect(waitMs("a")).toBe(0);
    record("a");
    expect(waitMs("a")).toBe(60_000);
  });

  it("counts each address by itself", () => {
    const { record, waitMs } = setUp();
    record("a", 100);
    expect([waitMs("b"), waitMs("")]).toEqual([0, 0]);
  });

  it("ends a window a minute after its first refusal, however many follow", async () => {
    const { clock, record, waitMs } = setUp();
    record("a");
    await clock.advance(20_000);
    record("a", 50);
    expect(waitMs("a")).toBe(40_000);
    await clock.advance(39_999);
    record("a");
    expect(waitMs("a")).toBe(1);
    await clock.advance(1);
    expect(waitMs("a")).toBe(0);
  });

  it("begins anew with the next refusal", async () => {
    const { clock, record, waitMs } = setUp();
    record("a", 3);
    await clock.advance(60_000);
    record("a", 2);
    expect(waitMs("a")).toBe(0);
    record("a");
    expect(waitMs("a")).toBe(60_000);
  });

  it("takes no notice of somebody setting the wall clock", () => {
    const { clock, record, waitMs } = setUp();
    record("a", 3);
    clock.setWallClock(clock.now() + 3_600_000);
    expect(waitMs("a")).toBe(60_000);
    clock.setWallClock(0);
    expect(waitMs("a")).toBe(60_000);
  });

  it("counts a client that moves within its /64 as one", () => {
    const { record, waitMs } = setUp();
    for (let host = 1; host <= 3; host++) record(`2001:db8:1:2::${host}`);
    expect([waitMs("2001:db8:1:2:a:b:c:d"), waitMs("2001:db8:1:3::1")]).toEqual([60_000, 0]);
  });

  it("counts a mapped address and the IPv4 address itself as one", () => {
    const { record, waitMs } = setUp();
    record("::ffff:192.0.2.7", 3);
    expect(waitMs("192.0.2.7")).toBe(60_000);
  });

  it("forgets the address whose window ends first where there are too many", async () => {
    const { clock, record, waitMs } = setUp({ maxRefusals: 1, maxAddresses: 3 });
    for (const address of ["a", "b", "c"]) {
      record(address);
      await clock.advance(1_000);
    }
    record("a");
    record("d");
    expect(["a", "b", "c", "d"].map((address) => waitMs(address) > 0)).toEqual([false, true, true, true]);
  });

  it("forgets nobody in favour of windows that have ended", async () => {
    const { clock, record, waitMs } = setUp({ maxRefusals: 1, maxAddresses: 3 });
    record("a");
    record("b");
    await clock.advance(30_000);
    record("c");
    await clock.advance(30_000);
    record("d");
    record("e");
    expect(["a", "b", "c", "d", "e"].map((address) => waitMs(address) > 0)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("takes names of Object.prototype for names", () => {
    const { record, waitMs } = setUp();
    expect([waitMs("__proto__"), waitMs("constructor")]).toEqual([0, 0]);
    record("a");
    expect([waitMs("__proto__"), waitMs("constructor")]).toEqual([0, 0]);
  });

  it("needs no timer", () => {
    const { clock, record } = setUp();
    record("a", 100);
    expect(clock.pending).toBe(0);
  });
});
