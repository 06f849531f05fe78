/**
 * One call from its start to its end: its signal, its deadline, its id.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { LlmProxyError } from "../error.ts";

/** What a call is made from. */
export interface CallScopeOptions {
  readonly clock: Clock;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
  /** Milliseconds the call may take, all tries included; unlimited when absent. */
  readonly timeoutMs: number | undefined;
  /** Under which the server logs the call. */
  readonly requestId: string;
  /** Called once when the call has ended. */
  readonly onEnd: (scope: CallScope) => void;
}

/** One call. */
export class CallScope {
  readonly requestId: string;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #deadlineMs: number | undefined;
  readonly #caller: AbortSignal | undefined;
  readonly #timer: { cancel(): void } | undefined;
  readonly #onEnd: (scope: CallScope) => void;
  readonly #onAbort = (): void => this.cancel("the call was canceled", this.#caller?.reason);

  constructor({ clock, signal, timeoutMs, requestId, onEnd }: CallScopeOptions) {
    this.requestId = requestId;
    this.#clock = clock;
    this.#caller = signal;
    this.#onEnd = onEnd;
    if (timeoutMs !== undefined) {
      this.#deadlineMs = clock.monotonic() + timeoutMs;
      this.#timer = clock.schedule(Math.max(0, timeoutMs), () => this.#expire(timeoutMs));
    }
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts when the caller gives up, the deadline passes or the client is closed; the reason is an `LlmProxyError`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds until the deadline, at least 1; undefined when there is none. */
  remainingMs(): number | undefined {
    if (this.#deadlineMs === undefined) return undefined;
    return Math.max(1, Math.ceil(this.#deadlineMs - this.#clock.monotonic()));
  }

  /** Breaks the call off. */
  cancel(message: string, cause?: unknown): void {
    this.#controller.abort(new LlmProxyError("canceled", message, { requestId: this.requestId, cause }));
  }

  /** The call has ended: nothing may be left of it. */
  end(): void {
    this.#timer?.cancel();
    this.#caller?.removeEventListener("abort", this.#onAbort);
    this.#onEnd(this);
  }

  /**
   * Waits for something, but no longer than the call lasts.
   *
   * @throws the signal's reason when the call is over before
   */
  async during<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const over = Promise.withResolvers<never>();
    const onAbort = (): void => over.reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([over.promise, work]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Waits.
   *
   * @throws the signal's reason when the call is over before
   */
  async sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.schedule(delayMs, resolve);
    try {
      await this.during(promise);
    } finally {
      timer.cancel();
    }
  }

  #expire(timeoutMs: number): void {
    const message = `the call took longer than ${timeoutMs} ms`;
    this.#controller.abort(new LlmProxyError("deadline_exceeded", message, { requestId: this.requestId }));
  }
}
