/**
 * The time limits of one exchange with an upstream.
 *
 * @module
 */

import type { Clock, Timer } from "@llmproxy/spec";

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

/** What a {@link createWatchdog} is made from. */
export interface WatchdogOptions {
  readonly clock: Clock;
  readonly timeouts: UpstreamTimeouts;
  /** Called at most once, with the limit that passed; the watchdog has then stopped. */
  readonly onExpire: (limit: keyof UpstreamTimeouts) => void;
}

/** Starts to watch; the limit of the whole exchange runs from now. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  return new LazyWatchdog(options);
}

/**
 * `watch` is called for every piece of a body, so it only notes the new end: a timer that fires too early looks
 * at the clock and goes on. A call shorter than its connect timeout makes a single timer.
 */
class LazyWatchdog implements Watchdog {
  readonly #options: WatchdogOptions;
  readonly #totalEndMs: number;
  #phase: WatchedPhase | undefined;
  #phaseEndMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#totalEndMs = options.clock.monotonic() + options.timeouts.totalMs;
  }

  watch(phase?: WatchedPhase): void {
    this.#phase = phase;
    this.#phaseEndMs = phase
      ? this.#options.clock.monotonic() + this.#options.timeouts[phase]
      : Number.POSITIVE_INFINITY;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const endMs = Math.min(this.#phaseEndMs, this.#totalEndMs);
    if (this.#stopped || endMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = endMs;
    const delayMs = Math.max(0, Math.ceil(endMs - this.#options.clock.monotonic()));
    this.#timer = this.#options.clock.schedule(delayMs, () => this.#check());
  }

  #check(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs >= this.#totalEndMs) this.#expire("totalMs");
    else if (this.#phase && nowMs >= this.#phaseEndMs) this.#expire(this.#phase);
    else this.#arm();
  }

  #expire(limit: keyof UpstreamTimeouts): void {
    this.stop();
    this.#options.onExpire(limit);
  }
}
