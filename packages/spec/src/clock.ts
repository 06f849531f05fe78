/**
 * Time as a port, so that tests need not wait.
 *
 * @module
 */

/** A timer that can be stopped. */
export interface Timer {
  /** Stops the timer; a second call does nothing. */
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes backwards. For durations. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delayMs`. The timer does not keep the process alive.
   *
   * @param delayMs - 0 … 2^31 − 1
   */
  schedule(delayMs: number, callback: () => void): Timer;
  /**
   * Resolves after `delayMs`.
   *
   * @throws the signal's reason as soon as `signal` aborts
   */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

function schedule(delayMs: number, callback: () => void): Timer {
  const timer = setTimeout(callback, delayMs);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
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

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule,
  sleep,
};
