/**
 * Counts refusals per address in fixed windows.
 *
 * Why not a library: the answer is needed before the first `await` of a request, memory must have a bound, and time
 * comes from our clock; `rate-limiter-flexible` answers by promise, keeps a timer per address and any number of
 * them. As all windows are equally long, the order in which they begin is the order in which they end, so a `Map`,
 * which keeps its order, needs no timer and no search.
 *
 * @module
 */

import type { Clock } from "@llmproxy/spec";
import { addressKey } from "./address-key.ts";

/** How much is too much. */
export interface RefusalWindowsOptions {
  readonly clock: Clock;
  /** How many refusals an address may have in a window. */
  readonly maxRefusals: number;
  /** Length of a window; it begins with an address's first refusal. */
  readonly windowMs: number;
  /** How many addresses are watched; beyond, the one whose window ends first is forgotten. */
  readonly maxAddresses: number;
}

/** Refusals per address. */
export interface RefusalWindows {
  /** Counts a refusal. */
  record(address: string): void;
  /** How long until the address is welcome again, in milliseconds; 0 when it is welcome. */
  waitMs(address: string): number;
}

interface Window {
  readonly endMs: number;
  refusals: number;
}

/** Makes an empty count. */
export function createRefusalWindows(options: RefusalWindowsOptions): RefusalWindows {
  const { clock, maxRefusals, windowMs, maxAddresses } = options;
  const windows = new Map<string, Window>();

  const forgetEnded = (nowMs: number): void => {
    for (const [key, { endMs }] of windows) {
      if (endMs > nowMs) return;
      windows.delete(key);
    }
  };
  const forgetFirst = (): void => {
    const [first] = windows.keys();
    if (first !== undefined) windows.delete(first);
  };

  return {
    record(address) {
      const nowMs = clock.monotonic();
      forgetEnded(nowMs);
      const key = addressKey(address);
      const window = windows.get(key);
      if (window) {
        window.refusals += 1;
        return;
      }
      if (windows.size >= maxAddresses) forgetFirst();
      windows.set(key, { endMs: nowMs + windowMs, refusals: 1 });
    },
    waitMs(address) {
      if (windows.size === 0) return 0;
      const window = windows.get(addressKey(address));
      if (!window || window.refusals < maxRefusals) return 0;
      return Math.max(0, window.endMs - clock.monotonic());
    },
  };
}
