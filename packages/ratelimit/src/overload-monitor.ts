/**
 * Notices when the process has more to do than it can.
 *
 * It looks four times a second. Memory counts at the first look. The event loop counts when it has been kept from
 * its work beyond the limit twice in a row, or once for half as long again: a single hiccup, as when a large
 * module is loaded, is over when it is seen, and refusing work afterwards would help nobody. The end of an
 * overload is believed after three calm looks, clearly below the limit, so that the answer does not flutter;
 * the last refusal comes at most a second after the last sign of overload.
 *
 * @module
 */

import { type Clock, type Logger, silentLogger, systemClock } from "@llmproxy/spec";
import { createProcessProbes, type OverloadProbes } from "./process-probes.ts";

/** What there is too much of. */
export type OverloadCause = "event-loop-lag" | "heap" | "rss";

/** Whether there is too much to do. */
export type OverloadState =
  | { readonly overloaded: false }
  | {
      readonly overloaded: true;
      /** What it began with. */
      readonly cause: OverloadCause;
      /** For how long so far, in milliseconds. */
      readonly durationMs: number;
    };

/** From where on it is too much. */
export interface OverloadMonitorOptions {
  /** Measures; default: this process. The monitor closes it. */
  readonly probes?: OverloadProbes;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** How long the event loop may be kept from its work, in milliseconds; default 250. */
  readonly maxLagMs?: number;
  /** Share of the heap's limit that may be in use, 0–1; default 0.85. */
  readonly maxHeapRatio?: number;
  /** Share of the cgroup's memory limit that may be resident, 0–1; default 0.9. */
  readonly maxRssRatio?: number;
}

/** Knows whether the process is overloaded. */
export interface OverloadMonitor {
  /** The state as of the last look; never blocks. */
  state(): OverloadState;
  /** Ends the looking; the state stays calm from then on. */
  close(): void;
}

/** How near to its limit each measure is; 1 is the limit. */
type Load = Readonly<Record<OverloadCause, number>>;

const sampleMs = 250;
/** What a single hiccup may reach before it counts. */
const stall = 1.5;
/** What the measure that an overload began with must come down to. */
const calm = 0.95;
const calmSamplesNeeded = 3;
const notOverloaded: OverloadState = { overloaded: false };

/** Begins to watch. */
export function createOverloadMonitor(options: OverloadMonitorOptions = {}): OverloadMonitor {
  const { clock = systemClock, logger = silentLogger } = options;
  const probes = options.probes ?? createProcessProbes(clock);
  let overload: { readonly cause: OverloadCause; readonly sinceMs: number } | undefined;
  let calmSamples = 0;
  let wasLate = false;
  let closed = false;

  const begin = (cause: OverloadCause, load: Load): void => {
    overload = { cause, sinceMs: clock.monotonic() };
    logger.warn({ cause, load }, "overloaded: new calls are refused");
  };
  const end = (sinceMs: number): void => {
    overload = undefined;
    logger.info({ durationMs: Math.round(clock.monotonic() - sinceMs) }, "no longer overloaded");
  };
  const look = (): void => {
    const load = measure(probes, options);
    const cause = causeOf(load, wasLate);
    wasLate = load["event-loop-lag"] >= 1;
    const isCalm = !cause && !(overload && load[overload.cause] >= calm);
    calmSamples = isCalm ? calmSamples + 1 : 0;
    if (!overload && cause) begin(cause, load);
    else if (overload && calmSamples >= calmSamplesNeeded) end(overload.sinceMs);
  };
  const lookAgain = () => {
    look();
    timer = clock.schedule(sampleMs, lookAgain);
  };
  let timer = clock.schedule(sampleMs, () => {
    // What kept the loop busy until now was the start of the program.
    probes.eventLoopLagMs();
    timer = clock.schedule(sampleMs, lookAgain);
  });

  return {
    state() {
      if (!overload) return notOverloaded;
      return { overloaded: true, cause: overload.cause, durationMs: clock.monotonic() - overload.sinceMs };
    },
    close() {
      if (closed) return;
      closed = true;
      timer.cancel();
      probes.close();
      overload = undefined;
    },
  };
}

function measure(probes: OverloadProbes, options: OverloadMonitorOptions): Load {
  const { maxLagMs = 250, maxHeapRatio = 0.85, maxRssRatio = 0.9 } = options;
  return {
    "event-loop-lag": probes.eventLoopLagMs() / maxLagMs,
    heap: probes.heapRatio() / maxHeapRatio,
    rss: (probes.rssRatio() ?? 0) / maxRssRatio,
  };
}

function causeOf(load: Load, wasLate: boolean): OverloadCause | undefined {
  const lag = load["event-loop-lag"];
  if (lag >= stall || (lag >= 1 && wasLate)) return "event-loop-lag";
  if (load.heap >= 1) return "heap";
  return load.rss >= 1 ? "rss" : undefined;
}
