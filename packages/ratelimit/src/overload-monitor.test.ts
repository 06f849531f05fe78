import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createOverloadMonitor, type OverloadMonitorOptions } from "./overload-monitor.ts";

/** A monitor of a process whose load the test sets; its start-up is over. */
async function setUp(options: OverloadMonitorOptions = {}) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const load = { lagMs: 0, heap: 0.3, rss: undefined as number | undefined, closed: 0 };
  const monitor = createOverloadMonitor({
    clock,
    logger,
    probes: {
      eventLoopLagMs: () => load.lagMs,
      heapRatio: () => load.heap,
      rssRatio: () => load.rss,
      close: () => {
        load.closed += 1;
      },
    },
    ...options,
  });
  await clock.advance(250);
  return { clock, logger, load, monitor };
}

const calm = { overloaded: false };

describe("createOverloadMonitor", () => {
  it("is calm while every measure is below its limit", async () => {
    const { clock, load, monitor } = await setUp();
    Object.assign(load, { lagMs: 249, heap: 0.849, rss: 0.899 });
    await clock.advance(10_000);
    expect(monitor.state()).toEqual(calm);
  });

  it.each([
    ["event-loop-lag", { lagMs: 375 }],
    ["heap", { heap: 0.85 }],
    ["rss", { rss: 0.9 }],
  ])("notices too much %s at the next look", async (cause, change) => {
    const { clock, load, monitor } = await setUp();
    Object.assign(load, change);
    await clock.advance(249);
    expect(monitor.state()).toEqual(calm);
    await clock.advance(1);
    expect(monitor.state()).toEqual({ overloaded: true, cause, durationMs: 0 });
    await clock.advance(700);
    expect(monitor.state()).toMatchObject({ overloaded: true, durationMs: 700 });
  });

  it("lets a single hiccup pass, and notices two in a row", async () => {
    const { clock, load, monitor } = await setUp();
    load.lagMs = 374;
    await clock.advance(250);
    expect(monitor.state()).toEqual(calm);
    load.lagMs = 0;
    await clock.advance(250);
    load.lagMs = 374;
    await clock.advance(250);
    expect(monitor.state()).toEqual(calm);
    load.lagMs = 250;
    await clock.advance(250);
    expect(monitor.state()).toMatchObject({ overloaded: true, cause: "event-loop-lag" });
  });

  it("recovers within a second when the event loop runs freely again", async () => {
    const { clock, load, monitor } = await setUp();
    load.lagMs = 500;
    await clock.advance(5_000);
    load.lagMs = 0;
    await clock.advance(749);
    expect(monitor.state().overloaded).toBe(true);
    await clock.advance(1);
    expect(monitor.state()).toEqual(calm);
  });

  it("does not flutter around a limit", async () => {
    const { clock, load, logger, monitor } = await setUp();
    load.heap = 0.86;
    await clock.advance(250);
    for (let look = 0; look < 40; look++) {
      load.heap = look % 2 ? 0.86 : 0.84;
      await clock.advance(250);
    }
    expect(monitor.state().overloaded).toBe(true);
    load.heap = 0.82;
    await clock.advance(5_000);
    expect(monitor.state().overloaded).toBe(true);
    load.heap = 0.8;
    await clock.advance(750);
    expect(monitor.state()).toEqual(calm);
    expect(logger.entries).toHaveLength(2);
  });

  it("begins to count calm looks anew after each that is not", async () => {
    const { clock, load, monitor } = await setUp();
    load.lagMs = 500;
    await clock.advance(250);
    for (const lagMs of [0, 0, 240, 0, 0]) {
      load.lagMs = lagMs;
      await clock.advance(250);
    }
    expect(monitor.state().overloaded).toBe(true);
    await clock.advance(250);
    expect(monitor.state()).toEqual(calm);
  });

  it("is not kept from recovering by another measure that stands just below its limit", async () => {
    const { clock, load, monitor } = await setUp();
    Object.assign(load, { lagMs: 500, rss: 0.899 });
    await clock.advance(250);
    load.lagMs = 0;
    await clock.advance(750);
    expect(monitor.state()).toEqual(calm);
  });

  it("stays overloaded when another measure has passed its limit meanwhile", async () => {
    const { clock, load, monitor } = await setUp();
    load.lagMs = 500;
    await clock.advance(250);
    Object.assign(load, { lagMs: 0, heap: 0.9 });
    await clock.advance(5_000);
    expect(monitor.state()).toMatchObject({ overloaded: true, cause: "event-loop-lag" });
  });

  it("does not count what kept the loop busy while the program started", async () => {
    const clock = createFakeClock();
    const lags = [2_000];
    const monitor = createOverloadMonitor({
      clock,
      probes: {
        eventLoopLagMs: () => lags.pop() ?? 0,
        heapRatio: () => 0,
        rssRatio: () => undefined,
        close() {},
      },
    });
    await clock.advance(1_000);
    expect([monitor.state(), lags]).toEqual([calm, []]);
    monitor.close();
  });

  it("keeps to the limits it is given", async () => {
    const { clock, load, monitor } = await setUp({ maxLagMs: 1_000, maxHeapRatio: 0.5, maxRssRatio: 0.5 });
    load.lagMs = 999;
    await clock.advance(1_000);
    expect(monitor.state()).toEqual(calm);
    load.rss = 0.5;
    await clock.advance(250);
    expect(monitor.state()).toMatchObject({ overloaded: true, cause: "rss" });
  });

  it("logs the beginning and the end", async () => {
    const { clock, load, logger } = await setUp();
    load.lagMs = 500;
    await clock.advance(2_000);
    load.lagMs = 0;
    await clock.advance(2_000);
    expect(logger.entries).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "overloaded: new calls are refused",
        fields: { cause: "event-loop-lag", load: { "event-loop-lag": 2, heap: expect.any(Number), rss: 0 } },
      }),
      { level: "info", message: "no longer overloaded", fields: { durationMs: 2_500 } },
    ]);
  });

  it("leaves nothing behind when it is closed, and is calm", async () => {
    const { clock, load, monitor } = await setUp();
    load.lagMs = 500;
    await clock.advance(250);
    monitor.close();
    monitor.close();
    expect([monitor.state(), load.closed, clock.pending]).toEqual([calm, 1, 0]);
  });

  it("can be closed before its first look", () => {
    const clock = createFakeClock();
    createOverloadMonitor({ clock }).close();
    expect(clock.pending).toBe(0);
  });

  it("watches this process when it is told nothing else", async () => {
    const clock = createFakeClock();
    const monitor = createOverloadMonitor({ clock, maxHeapRatio: 1e-9 });
    await clock.advance(500);
    expect(monitor.state()).toMatchObject({ overloaded: true, cause: "heap" });
    monitor.close();
  });
});
