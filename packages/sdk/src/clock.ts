/**
 * Time as an option, so that tests need not wait.
 *
 * @module
 */

/** Where time comes from. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes backwards. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`, 0 … 2^31 − 1. */
  schedule(delayMs: number, callback: () => void): { cancel(): void };
}

/** The longest delay a timer takes; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** The clock of this machine. Its timers keep a Node process alive: somebody waits for them. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, longestDelayMs));
    return { cancel: () => clearTimeout(timer) };
  },
};
