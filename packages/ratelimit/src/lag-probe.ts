/**
 * Measures for how long the event loop was kept from its work: how late a timer comes.
 *
 * Not `monitorEventLoopDelay`: after `reset()` its histogram records nothing until its second tick, so that
 * whoever looks and resets at intervals reads 0 from a loop that is blocked all the time, which is the one case that
 * must not be missed.
 *
 * @module
 */

import type { Clock } from "@llmproxy/spec";

/** Measures the event loop. */
export interface LagProbe {
  /** The longest lag since the last reading, in milliseconds; a stall reads as up to 50 ms less than it took. */
  read(): number;
  /** Ends the measuring. */
  close(): void;
}

const tickMs = 50;

/** Begins to measure. */
export function createLagProbe(clock: Clock): LagProbe {
  let dueMs = 0;
  let longestMs = 0;
  const observe = (): void => {
    longestMs = Math.max(longestMs, clock.monotonic() - dueMs);
  };
  const wait = () => {
    dueMs = clock.monotonic() + tickMs;
    return clock.schedule(tickMs, tick);
  };
  const tick = (): void => {
    observe();
    timer = wait();
  };
  let timer = wait();

  return {
    read() {
      // After a stall the reader's timer may come before ours: what is overdue counts now, and not again.
      observe();
      dueMs = Math.max(dueMs, clock.monotonic());
      const lagMs = longestMs;
      longestMs = 0;
      return lagMs;
    },
    close: () => timer.cancel(),
  };
}
