/**
 * The time limits of exchanges with an upstream.
 *
 * @module
 */

import type { Clock } from "@llmproxy/spec";
import { Alarm } from "./alarm.ts";

/** How long a provider may take. */
export interface UpstreamTimeouts {
  /** For name resolution, connection and TLS handshake together, in milliseconds. */
  readonly connectMs: number;
  /** From the connection to the first byte of the answer's body, in milliseconds. */
  readonly firstByteMs: number;
  /** Between two pieces of the body while somebody waits for them, in milliseconds. */
  readonly idleMs: number;
  /** For the whole exchange, in milliseconds. */
  readonly totalMs: number;
}

/** The defaults of `providers[].timeout`. */
export const defaultTimeouts: UpstreamTimeouts = {
  connectMs: 5_000,
  firstByteMs: 120_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

/** What an exchange may wait for. */
export type WatchedPhase = Exclude<keyof UpstreamTimeouts, "totalMs">;

/** Watches one exchange. */
export interface Watchdog {
  /** Starts the limit of `phase` anew; without one only the whole exchange is limited. */
  watch(phase?: WatchedPhase): void;
  /** Ends it; nothing expires afterwards. */
  stop(): void;
}

/** What {@link Watchdogs} are made from. */
export interface WatchdogOptions {
  readonly clock: Clock;
  readonly timeouts: UpstreamTimeouts;
}

/**
 * Watches the exchanges of one client. All of them share one timer: a limit is watched several times in each call and
 * for each piece of a stream, and almost none ever passes, so that to watch must cost no more than to note a time.
 */
export class Watchdogs {
  readonly #options: WatchdogOptions;
  readonly #alarm: Alarm<LazyWatchdog>;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
  }

  /**
   * Starts to watch an exchange; the limit of the whole runs from now. Nothing expires before the first `watch`.
   *
   * @param onExpire - called at most once, with the limit that passed; the watchdog has then stopped
   */
  start(onExpire: (limit: keyof UpstreamTimeouts) => void): Watchdog {
    return new LazyWatchdog(this.#options, this.#alarm, onExpire);
  }
}

class LazyWatchdog implements Watchdog {
  readonly #options: WatchdogOptions;
  readonly #alarm: Alarm<LazyWatchdog>;
  readonly #onExpire: (limit: keyof UpstreamTimeouts) => void;
  readonly #totalEndMs: number;
  #phase: WatchedPhase | undefined;
  #isStopped = false;
  /** When the next limit passes. */
  dueMs: number;
  place = -1;

  constructor(
    options: WatchdogOptions,
    alarm: Alarm<LazyWatchdog>,
    onExpire: (limit: keyof UpstreamTimeouts) => void,
  ) {
    this.#options = options;
    this.#alarm = alarm;
    this.#onExpire = onExpire;
    this.#totalEndMs = options.clock.monotonic() + options.timeouts.totalMs;
    this.dueMs = this.#totalEndMs;
    alarm.add(this);
  }

  watch(phase?: WatchedPhase): void {
    if (this.#isStopped) return;
    const { clock, timeouts } = this.#options;
    const phaseEndMs = phase ? clock.monotonic() + timeouts[phase] : Number.POSITIVE_INFINITY;
    this.#phase = phase;
    this.dueMs = Math.min(phaseEndMs, this.#totalEndMs);
    this.#alarm.note(this.dueMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm.remove(this);
  }

  /** A limit has passed. */
  ring(): void {
    const limit = this.dueMs < this.#totalEndMs ? this.#phase : "totalMs";
    this.stop();
    this.#onExpire(limit ?? "totalMs");
  }
}
