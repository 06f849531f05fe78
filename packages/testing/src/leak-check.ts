/**
 * Finds what a piece of code leaves behind.
 *
 * Counting what is open in the whole process before and after would not do: the test runner's own timers come
 * and go meanwhile. So what the code opens is followed by its asynchronous context.
 *
 * @module
 */

import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { type EventEmitter, getEventListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { FakeClock } from "./fake-clock.ts";

/** What to watch beside what the code itself opens. */
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

const defaultGraceMs = 1_000;
const pollMs = 5;

// Node's names of what has to be closed, ended or cleared.
const watchedTypes: ReadonlySet<string> = new Set([
  "FSEVENTWRAP",
  "Immediate",
  "PIPESERVERWRAP",
  "PIPEWRAP",
  "PROCESSWRAP",
  "STATWATCHER",
  "TCPSERVERWRAP",
  "TCPWRAP",
  "Timeout",
  "UDPWRAP",
  "WORKER",
]);

// The connections these accept come without a context.
const givingTypes: ReadonlySet<string> = new Set(["PIPESERVERWRAP", "TCPSERVERWRAP"]);

/**
 * Runs a function and checks that it closes what it opens: sockets, servers, watchers, child processes, threads,
 * and timers that keep the process alive. The timers of a `Clock` do not; give the code a `FakeClock` and this
 * check that clock. (A `FileHandle` that is left open is an error of Node's own.)
 *
 * @returns what `run` returns
 * @throws what `run` throws
 * @throws Error naming each kind of thing that is left once the grace time has passed
 */
export async function expectNoLeaks<T>(run: () => Promise<T>, options: LeakCheckOptions = {}): Promise<T> {
  const before = countListeners(options);
  const opened = followOpened();
  try {
    const result = await opened.follow(run);
    const deadline = performance.now() + (options.graceMs ?? defaultGraceMs);
    const leaks = (): readonly string[] => [...opened.left(), ...grown(before, countListeners(options))];
    while (leaks().length > 0 && performance.now() < deadline) await wait(pollMs);
    if (leaks().length > 0) throw new Error(`leaked ${leaks().join("; ")}`);
    return result;
  } finally {
    opened.stop();
  }
}

interface Opened {
  /** Runs a function and follows what it and its callbacks open. */
  follow<T>(run: () => Promise<T>): Promise<T>;
  /** What is open now, as `<number> × <type>`. */
  left(): readonly string[];
  stop(): void;
}

function followOpened(): Opened {
  const context = new AsyncLocalStorage<true>();
  const givers = new Set<number>();
  const open = new Map<number, { readonly type: string; readonly resource: object }>();
  const hook = createHook({
    init(id, type, triggerId, resource) {
      if (!context.getStore() && !givers.has(triggerId)) return;
      if (givingTypes.has(type)) givers.add(id);
      if (watchedTypes.has(type)) open.set(id, { type, resource });
    },
    destroy: (id) => void open.delete(id),
  }).enable();
  return {
    follow: (run) => context.run(true, run),
    left() {
      const types = [...open.values()].filter(({ resource }) => keepsAlive(resource)).map(({ type }) => type);
      return [...Map.groupBy(types, (type) => type)].map(([type, { length }]) => `${length} × ${type}`);
    },
    stop: () => void hook.disable(),
  };
}

/** Node's own timers, such as the one behind the `date` header, are let go; so may ours. */
function keepsAlive(resource: object): boolean {
  return !("hasRef" in resource && typeof resource.hasRef === "function") || resource.hasRef() === true;
}

type Count = ReadonlyMap<string, number>;

function countListeners({ signals = [], emitters = [], clocks = [] }: LeakCheckOptions): Count {
  const count = new Map<string, number>();
  for (const [index, signal] of signals.entries())
    count.set(`abort listeners of signal ${index}`, getEventListeners(signal, "abort").length);
  for (const [index, emitter] of emitters.entries())
    for (const event of emitter.eventNames())
      count.set(`${String(event)} listeners of emitter ${index}`, emitter.listenerCount(event));
  for (const [index, clock] of clocks.entries()) count.set(`timers of clock ${index}`, clock.pending);
  return count;
}

function grown(before: Count, after: Count): readonly string[] {
  return [...after]
    .filter(([what, number]) => number > (before.get(what) ?? 0))
    .map(([what, number]) => `${what}: ${before.get(what) ?? 0} before, ${number} after`);
}
