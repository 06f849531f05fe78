/**
 * A signal that aborts with another one or when time is up.
 *
 * @module
 */

import { type Clock, ProxyError } from "@llmproxy/spec";

/** What a {@link createDeadline} is made from. */
export interface DeadlineOptions {
  /** Aborts this one too, with its reason. */
  readonly parent: AbortSignal;
  /** When time is up, in milliseconds from now. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** A signal with an end. */
export interface Deadline {
  /** Aborts with the parent's reason, or with `deadline_exceeded`. */
  readonly signal: AbortSignal;
  /** Forgets parent and timer; the signal then never aborts. To be called when the work is done. */
  release(): void;
}

/** Starts a deadline. `AbortSignal.any` and `AbortSignal.timeout` would do, but cannot be let go of. */
export function createDeadline({ parent, timeoutMs, clock }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const abort = (reason: unknown): void => {
    release();
    controller.abort(reason);
  };
  const onParentAbort = (): void => abort(parent.reason);
  const timer = clock.schedule(timeoutMs, () =>
    abort(new ProxyError("deadline_exceeded", `the deadline of ${timeoutMs / 1_000} s passed`)),
  );
  const release = (): void => {
    timer.cancel();
    parent.removeEventListener("abort", onParentAbort);
  };
  if (parent.aborted) onParentAbort();
  else parent.addEventListener("abort", onParentAbort, { once: true });
  return { signal: controller.signal, release };
}
