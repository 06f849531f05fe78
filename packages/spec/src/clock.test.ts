import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";

const never = () => new AbortController().signal;

describe("systemClock", () => {
  it("tells the time of the day", () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  it("never goes backwards when asked for a duration", () => {
    const first = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  });

  it("calls back once", async () => {
    let calls = 0;
    await new Promise<void>((resolve) =>
      systemClock.schedule(1, () => {
        calls += 1;
        resolve();
      }),
    );
    expect(calls).toBe(1);
  });

  it("does not call back when canceled, however often", async () => {
    let calls = 0;
    const timer = systemClock.schedule(1, () => {
      calls += 1;
    });
    timer.cancel();
    timer.cancel();
    await systemClock.sleep(5, never());
    expect(calls).toBe(0);
  });

  it("wakes up at once when the signal aborts, with its reason, and leaves no listener", async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    const reason = new Error("the client left");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("does not fall asleep when the signal has aborted", async () => {
    const reason = new Error("too late");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("leaves no listener after a full sleep", async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(1, signal);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
