import { describe, expect, it } from "vitest";
import { createFakeClock } from "./fake-clock.ts";

const never = new AbortController().signal;

describe("createFakeClock", () => {
  it("stands still until it is advanced", async () => {
    const clock = createFakeClock(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(5_000);
    const before = clock.monotonic();
    await clock.advance(250);
    expect(clock.now()).toBe(5_250);
    expect(clock.monotonic() - before).toBe(250);
  });

  it("runs due timers in the order of their moments, each at its own", async () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    clock.schedule(30, () => seen.push(`late ${clock.now()}`));
    clock.schedule(10, () => seen.push(`early ${clock.now()}`));
    clock.schedule(10, () => seen.push(`second of its moment ${clock.now()}`));
    clock.schedule(31, () => seen.push("too late"));
    await clock.advance(30);
    expect(seen).toEqual(["early 10", "second of its moment 10", "late 30"]);
    expect(clock.pending).toBe(1);
  });

  it("runs timers that timers and promise callbacks schedule on the way", async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(10, never);
        await Promise.resolve();
        seen.push(clock.now());
      }
    };
    const done = loop();
    await clock.advance(35);
    await done;
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(0);
  });

  it("runs a timer of no delay only when it is advanced", async () => {
    const clock = createFakeClock();
    let ran = false;
    clock.schedule(0, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it("forgets a canceled timer, however often it is canceled", async () => {
    const clock = createFakeClock();
    const timer = clock.schedule(10, () => {
      throw new Error("must not run");
    });
    timer.cancel();
    timer.cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(20);
  });

  it("ends a sleep with the signal's reason and leaves nothing behind", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, controller.signal);
    const reason = new Error("the client left");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(10, controller.signal)).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it("passes on what a callback throws and keeps later timers", async () => {
    const clock = createFakeClock();
    clock.schedule(1, () => {
      throw new Error("broken callback");
    });
    clock.schedule(2, () => {});
    await expect(clock.advance(5)).rejects.toThrow("broken callback");
    expect(clock.pending).toBe(1);
  });

  it("lets the wall clock jump without touching durations", async () => {
    const clock = createFakeClock(1_000_000);
    const before = clock.monotonic();
    let ran = false;
    clock.schedule(10, () => {
      ran = true;
    });
    clock.setWallClock(0);
    expect(clock.now()).toBe(0);
    expect(clock.monotonic()).toBe(before);
    await clock.advance(10);
    expect({ ran, now: clock.now() }).toEqual({ ran: true, now: 10 });
  });

  it.each([-1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])("refuses a delay of %d", (delayMs) => {
    expect(() => createFakeClock().schedule(delayMs, () => {})).toThrow(RangeError);
  });

  it("refuses to go back", async () => {
    await expect(createFakeClock().advance(-1)).rejects.toThrow(RangeError);
  });
});
