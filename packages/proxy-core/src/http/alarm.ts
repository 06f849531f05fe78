/**
 * One timer for many who wait.
 *
 * @module
 */

import type { Clock, Timer } from "@llmproxy/spec";

/** Somebody who waits. */
export interface Sleeper {
  /** When to be woken, on the monotonic clock. May change at any time; each change is to be noted. */
  readonly dueMs: number;
  /** It is time. */
  ring(): void;
}

/**
 * Wakes each sleeper when it is due, not earlier and less than a timer's precision later. There is a timer only while
 * somebody sleeps. It is set for the first who was ever due, so where most put it off it rings in vain now and then.
 */
export class Alarm<T extends Sleeper> {
  readonly #clock: Clock;
  readonly #sleepers = new Set<T>();
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in somebody who says later when to be woken. */
  add(sleeper: T): void {
    this.#sleepers.add(sleeper);
  }

  remove(sleeper: T): void {
    if (this.#sleepers.delete(sleeper) && this.#sleepers.size === 0) this.#cancel();
  }

  /** One of the sleepers is due at this time now. */
  note(dueMs: number): void {
    if (dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    const delayMs = Math.max(0, Math.ceil(dueMs - this.#clock.monotonic()));
    this.#timer = this.#clock.schedule(delayMs, () => this.#ring());
  }

  #ring(): void {
    this.#cancel();
    const nowMs = this.#clock.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueMs <= nowMs) sleeper.ring();
      else nextMs = Math.min(nextMs, sleeper.dueMs);
    }
    if (nextMs < Number.POSITIVE_INFINITY && this.#sleepers.size > 0) this.note(nextMs);
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
  }
}
