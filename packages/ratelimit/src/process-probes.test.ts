import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createProcessProbes, memoryLimit } from "./process-probes.ts";

describe("createProcessProbes", () => {
  it("measures the event loop with the clock it is given", async () => {
    const clock = createFakeClock();
    const probes = createProcessProbes(clock);
    await clock.advance(1_000);
    expect([probes.eventLoopLagMs(), clock.pending]).toEqual([0, 1]);
    probes.close();
    probes.close();
    expect(clock.pending).toBe(0);
  });

  it("tells shares of memory", () => {
    const probes = createProcessProbes();
    try {
      expect(probes.heapRatio()).toBeGreaterThan(0);
      expect(probes.heapRatio()).toBeLessThan(1);
      const rssRatio = probes.rssRatio() ?? 0.5;
      expect(rssRatio).toBeGreaterThan(0);
      expect(rssRatio).toBeLessThan(1);
    } finally {
      probes.close();
    }
  });
});

describe("memoryLimit", () => {
  it.each([
    ["a cgroup's limit", 512e6, 16e9, 512e6],
    ["no limit (cgroup 2)", 0, 16e9, undefined],
    ["no limit (cgroup 2, Node 26)", 18446744073709552000, 16e9, undefined],
    ["no limit (cgroup 1)", 9223372036854772000, 16e9, undefined],
    ["a limit beyond the machine", 32e9, 16e9, undefined],
  ])("reads %s", (_, constrained, total, limit) => {
    expect(memoryLimit(constrained, total)).toBe(limit);
  });
});
