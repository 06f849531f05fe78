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
  /** Where it stands among the sleepers; the alarm's. */
  place: number;
  /** It is time. */
  ring(): void;
}

/**
 * Wakes each sleeper when it is due, not earlier and less than a timer's precision later. There is a timer only while
 * somebody sleeps. It is set for the first who was ever due, so where most put it off it rings in vain now and then.
 *
 * The sleepers stand in an array. A `Set` whose members soon leave again is copied to a new table over and over, and V8
 * lets each table point at the next one: once a table is old, all that follow it, with every exchange that was under way
 * when they were made, stay until the next full collection.
 */
export class Alarm<T extends Sleeper> {
  readonly #clock: Clock;
  readonly #sleepers: T[] = [];
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in somebody who says later when to be woken. */
  add(sleeper: T): void {
    sleeper.place = this.#sleepers.push(sleeper) - 1;
  }

  /** Forgets somebody; the last one takes the place. */
  remove(sleeper: T): void {
    if (this.#sleepers[sleeper.place] !== sleeper) return;
    const last = this.#sleepers.pop();
    if (last && last !== sleeper) {
      this.#sleepers[sleeper.place] = last;
      last.place = sleeper.place;
    }
    sleeper.place = -1;
    if (this.#sleepers.length === 0) this.#cancel();
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
    // Whoever rings may remove itself and others.
    for (const sleeper of this.#sleepers.filter(({ dueMs }) => dueMs <= nowMs))
      if (sleeper.place >= 0) sleeper.ring();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#sleepers) nextMs = Math.min(nextMs, dueMs);
    this.note(nextMs);
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
  }
}
