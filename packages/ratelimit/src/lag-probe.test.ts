import { type Clock, systemClock, type Timer } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createLagProbe } from "./lag-probe.ts";

/** A clock whose timers are called by the test: the event loop is as late as it likes. */
function createManualClock() {
  let nowMs = 1_000;
  let due: (() => void) | undefined;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => nowMs,
    schedule(_, callback): Timer {
      due = callback;
      return {
        cancel: () => {
          due = undefined;
        },
      };
    },
  };
  return {
    clock,
    /** Lets time pass without any timer being called. */
    block: (durationMs: number) => {
      nowMs += durationMs;
    },
    /** Calls the timer that is due. */
    tick: () => due?.(),
    isWaiting: () => due !== undefined,
  };
}

describe("createLagProbe", () => {
  it("reads 0 while timers come on time", async () => {
    const clock = createFakeClock();
    const probe = createLagProbe(clock);
    await clock.advance(10_000);
    expect(probe.read()).toBe(0);
    probe.close();
    expect(clock.pending).toBe(0);
  });

  it("reads how late the latest timer was, once", () => {
    const { clock, block, tick } = createManualClock();
    const probe = createLagProbe(clock);
    for (const durationMs of [50, 350, 60, 50]) {
      block(durationMs);
      tick();
    }
    expect([probe.read(), probe.read()]).toEqual([300, 0]);
  });

  it("counts a timer that is overdue when somebody looks before it is called, and counts it once", () => {
    const { clock, block, tick } = createManualClock();
    const probe = createLagProbe(clock);
    block(550);
    expect(probe.read()).toBe(500);
    tick();
    expect(probe.read()).toBe(0);
  });

  it("sees a loop that is blocked all the time, however often somebody looks", () => {
    const { clock, block, tick } = createManualClock();
    const probe = createLagProbe(clock);
    const seen: number[] = [];
    for (let look = 0; look < 5; look++) {
      block(500);
      tick();
      seen.push(probe.read());
    }
    expect(seen).toEqual([450, 450, 450, 450, 450]);
  });

  it("measures no more once it is closed", () => {
    const { clock, tick, isWaiting } = createManualClock();
    const probe = createLagProbe(clock);
    tick();
    probe.close();
    expect(isWaiting()).toBe(false);
  });

  it("measures the event loop of this process", async () => {
    const probe = createLagProbe(systemClock);
    const endMs = performance.now() + 160;
    while (performance.now() < endMs);
    expect(probe.read()).toBeGreaterThanOrEqual(105);
    probe.close();
  });
});
