/**
 * A health port a test switches.
 *
 * @module
 */

import type { Health, HealthStatus } from "@llmproxy/spec";

/** A health port under a test's control. */
export interface FakeHealth extends Health {
  /** Changes the state and tells the listeners. */
  set(ready: boolean): void;
  /** How many listen. */
  readonly listeners: number;
}

/** Makes a health port; ready unless told otherwise. */
export function fakeHealth(ready = true): FakeHealth {
  let status: HealthStatus = { ready, checks: [] };
  const listeners = new Set<(status: HealthStatus) => void>();
  return {
    status: () => status,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next) {
      status = { ready: next, checks: [] };
      for (const listener of [...listeners]) listener(status);
    },
    get listeners() {
      return listeners.size;
    },
  };
}
