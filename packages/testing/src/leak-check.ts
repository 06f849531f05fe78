/**
 * Finds what a test leaves behind.
 *
 * Node lists only what keeps the process alive, so timers of a `Clock` (which do not) are not among it: give
 * the code under test a `FakeClock` and this check that clock.
 *
 * @module
 */

import { type EventEmitter, getEventListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { FakeClock } from "./fake-clock.ts";

/** What to watch beside sockets, servers, files, processes and timers of the whole process. */
export interface LeakCheckOptions {
  /** Signals that must have as many `abort` listeners afterwards as before. */
  readonly signals?: readonly AbortSignal[];
  /** Emitters that must have as many listeners of each event afterwards as before. */
  readonly emitters?: readonly EventEmitter[];
  /** Clocks that must have as many pending timers afterwards as before. */
  readonly clocks?: readonly FakeClock[];
  /** How long what is closing may take; default 1,000 ms. */
  readonly graceMs?: number;
}

/** A comparison with the moment it was made. */
export interface LeakCheck {
  /**
   * Waits until everything opened since is closed, at most the grace time.
   *
   * @returns what is left, each as `<what>: <before> before, <after> after`; empty when nothing is
   */
  leaks(): Promise<readonly string[]>;
}

const defaultGraceMs = 1_000;
const pollMs = 5;

/** Takes note of what is open now. */
export function leakCheck(options: LeakCheckOptions = {}): LeakCheck {
  const before = takeCount(options);
  return {
    async leaks() {
      const deadline = performance.now() + (options.graceMs ?? defaultGraceMs);
      let found = grown(before, takeCount(options));
      while (found.length > 0 && performance.now() < deadline) {
        await wait(pollMs);
        found = grown(before, takeCount(options));
      }
      return found;
    },
  };
}

/**
 * Runs a function and checks that it closes what it opens.
 *
 * @returns what `run` returns
 * @throws what `run` throws
 * @throws Error naming each kind of thing that is left
 */
export async function expectNoLeaks<T>(run: () => Promise<T>, options: LeakCheckOptions = {}): Promise<T> {
  const check = leakCheck(options);
  const result = await run();
  const leaks = await check.leaks();
  if (leaks.length > 0) throw new Error(`leaked ${leaks.join("; ")}`);
  return result;
}

type Count = ReadonlyMap<string, number>;

function takeCount({ signals = [], emitters = [], clocks = [] }: LeakCheckOptions): Count {
  const count = new Map<string, number>();
  const add = (what: string, number: number): void => {
    count.set(what, (count.get(what) ?? 0) + number);
  };
  for (const resource of process.getActiveResourcesInfo()) add(resource, 1);
  for (const [index, signal] of signals.entries())
    add(`abort listeners of signal ${index}`, getEventListeners(signal, "abort").length);
  for (const [index, emitter] of emitters.entries())
    for (const event of emitter.eventNames())
      add(`${String(event)} listeners of emitter ${index}`, emitter.listenerCount(event));
  for (const [index, clock] of clocks.entries()) add(`timers of clock ${index}`, clock.pending);
  return count;
}

function grown(before: Count, after: Count): readonly string[] {
  return [...after]
    .filter(([what, number]) => number > (before.get(what) ?? 0))
    .map(([what, number]) => `${what}: ${before.get(what) ?? 0} before, ${number} after`);
}
