import { createFakeClock } from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alarm, type Sleeper } from "./alarm.ts";

function start() {
  const clock = createFakeClock();
  const alarm = new Alarm<Sleeper>(clock);
  const rung: { readonly name: number; readonly atMs: number }[] = [];
  const sleeper = (name: number, afterMs: number) => {
    const made = {
      dueMs: clock.monotonic() + afterMs,
      place: -1,
      ring: () => {
        alarm.remove(made);
        rung.push({ name, atMs: clock.monotonic() });
      },
    };
    alarm.add(made);
    alarm.note(made.dueMs);
    return made;
  };
  return { clock, alarm, rung, sleeper };
}

describe("Alarm", () => {
  it("has one timer while somebody sleeps, and none otherwise", async () => {
    const { clock, alarm, sleeper } = start();
    const sleepers = [sleeper(0, 300), sleeper(1, 100), sleeper(2, 200)];
    expect(clock.pending).toBe(1);
    for (const each of sleepers) alarm.remove(each);
    expect(clock.pending).toBe(0);
  });

  it("forgets nobody else when one is removed twice", async () => {
    const { clock, alarm, rung, sleeper } = start();
    const [first] = [sleeper(0, 100), sleeper(1, 100)];
    alarm.remove(first);
    alarm.remove(first);
    await clock.advance(100);
    expect(rung.map(({ name }) => name)).toEqual([1]);
  });

  it("wakes each who stays at its own time, whoever leaves or puts it off", async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 1, max: 50 }),
      waitMs: fc.integer({ min: 0, max: 20 }),
      leaves: fc.boolean(),
      putOffMs: fc.integer({ min: 0, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { clock, alarm, rung, sleeper } = start();
        const expected = new Map<number, number>();
        for (const [name, { afterMs, waitMs, leaves, putOffMs }] of steps.entries()) {
          const each = sleeper(name, afterMs);
          each.dueMs += putOffMs;
          alarm.note(each.dueMs);
          if (leaves) alarm.remove(each);
          else expected.set(name, each.dueMs);
          await clock.advance(waitMs);
        }
        await clock.advance(100);
        expect(new Map(rung.map(({ name, atMs }) => [name, atMs]))).toEqual(expected);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
