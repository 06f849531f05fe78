/**
 * Time that moves only when a test says so.
 *
 * @module
 */

import type { Clock, Timer } from "@llmproxy/spec";

/** A clock under a test's control. */
export interface FakeClock extends Clock {
  /** How many timers and sleeps have not come to an end. */
  readonly pending: number;
  /**
   * Lets `durationMs` pass: runs each timer that becomes due, in order, at its own moment. Between timers
   * promise callbacks and I/O that is ready run, so that what they schedule is seen too.
   *
   * @param durationMs - 0 or more; 0 runs what is due now
   * @throws what a timer's callback throws; later timers stay pending
   */
  advance(durationMs: number): Promise<void>;
  /**
   * Sets the wall clock, as an operator or NTP does; `monotonic` and timers take no notice.
   *
   * @param at - milliseconds since the Unix epoch; may lie in the past
   */
  setWallClock(at: number): void;
}

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

const longestDelayMs = 2 ** 31 - 1;
// Apart from the wall clock, so that code that mixes the two shows.
const firstMonotonicMs = 1_000;

/**
 * Makes a clock that stands still.
 *
 * @param start - wall-clock time to begin with, in milliseconds since the Unix epoch; default 2026-01-01T00:00:00Z
 */
export function createFakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let monotonicMs = firstMonotonicMs;
  let wallOffsetMs = start - firstMonotonicMs;
  const timers = new Set<PendingTimer>();

  const schedule = (delayMs: number, callback: () => void): Timer => {
    if (!(delayMs >= 0 && delayMs <= longestDelayMs))
      throw new RangeError(`delayMs is ${delayMs}, want 0 … 2^31 − 1`);
    const timer = { dueMs: monotonicMs + delayMs, callback };
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  };

  return {
    now: () => monotonicMs + wallOffsetMs,
    monotonic: () => monotonicMs,
    schedule,
    sleep: (delayMs, signal) => sleep(schedule, delayMs, signal),
    get pending() {
      return timers.size;
    },
    async advance(durationMs) {
      if (!(durationMs >= 0)) throw new RangeError(`durationMs is ${durationMs}, want 0 or more`);
      const endMs = monotonicMs + durationMs;
      await turn();
      for (let timer = firstDue(timers, endMs); timer; timer = firstDue(timers, endMs)) {
        timers.delete(timer);
        monotonicMs = Math.max(monotonicMs, timer.dueMs);
        timer.callback();
        await turn();
      }
      monotonicMs = Math.max(monotonicMs, endMs);
    },
    setWallClock(at) {
      wallOffsetMs = at - monotonicMs;
    },
  };
}

/** The timer to run next; of several with one due time the one made first, as a `Set` keeps its order. */
function firstDue(timers: ReadonlySet<PendingTimer>, endMs: number): PendingTimer | undefined {
  let first: PendingTimer | undefined;
  for (const timer of timers)
    if (timer.dueMs <= endMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
  return first;
}

function sleep(schedule: Clock["schedule"], delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = schedule(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** One turn of the event loop: every promise callback that is ready has run afterwards. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
