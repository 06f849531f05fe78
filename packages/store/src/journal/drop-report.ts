/**
 * Says how many records were lost and why, without saying it for each.
 *
 * @module
 */

import type { Clock, Logger, Meter, Timer } from "@llmproxy/spec";

/**
 * Why a record was not written. `full`: the queue was. `rejected`: the store cannot hold it. `unwritten`: the store
 * could not write before it was closed. `closed`: it came after that. `read-only`: the store was opened so.
 */
export type DropReason = "full" | "rejected" | "unwritten" | "closed" | "read-only";

/** Counts dropped records. */
export interface DropReport {
  /** Counts `count` (default 1) records and has them logged within a second. Never throws. */
  add(reason: DropReason, count?: number): void;
  /** Logs now what has not been logged. */
  flush(): void;
}

/** Where a report goes. */
export interface DropReportOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

const logIntervalMs = 1_000;

/** Makes a report that counts at once and logs at most once per second. */
export function createDropReport({ clock, logger, meter }: DropReportOptions): DropReport {
  const counter = meter.counter({
    name: "llmproxy_usage_records_dropped_total",
    help: "Records of calls that were not written.",
    labels: ["reason"],
  });
  const counts = new Map<DropReason, number>();
  let timer: Timer | undefined;

  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    if (counts.size === 0) return;
    const dropped = Object.fromEntries(counts);
    counts.clear();
    logger.error({ dropped }, "records of calls were dropped");
  };
  return {
    add(reason, count = 1) {
      counter.add({ reason }, count);
      counts.set(reason, (counts.get(reason) ?? 0) + count);
      timer ??= clock.schedule(logIntervalMs, flush);
    },
    flush,
  };
}
