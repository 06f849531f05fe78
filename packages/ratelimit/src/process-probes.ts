/**
 * Measures the process it runs in.
 *
 * @module
 */

import { totalmem } from "node:os";
import { constrainedMemory, memoryUsage } from "node:process";
import { getHeapStatistics } from "node:v8";
import { type Clock, systemClock } from "@llmproxy/spec";
import { createLagProbe } from "./lag-probe.ts";

/** What tells how loaded a process is. */
export interface OverloadProbes {
  /** The longest time the event loop was kept from its work since the last look, in milliseconds. */
  eventLoopLagMs(): number;
  /** Used share of the heap's limit, 0–1. */
  heapRatio(): number;
  /** Resident share of the memory the process may use, 0–1; undefined when nothing limits it. */
  rssRatio(): number | undefined;
  /** Ends the measuring. */
  close(): void;
}

/** Begins to measure this process; `close` ends it. Its timer does not keep the process alive. */
export function createProcessProbes(clock: Clock = systemClock): OverloadProbes {
  const lag = createLagProbe(clock);
  const limit = memoryLimit(constrainedMemory(), totalmem());
  return {
    eventLoopLagMs: lag.read,
    heapRatio() {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      return used / limit;
    },
    rssRatio: () => limit && memoryUsage.rss() / limit,
    close: lag.close,
  };
}

/**
 * The memory limit of the process's cgroup, in bytes.
 *
 * @param constrained - as Node says it: 0 or absurdly large when there is no limit
 * @param total - the machine's memory
 * @returns undefined when nothing but the machine limits the process
 */
export function memoryLimit(constrained: number, total: number): number | undefined {
  return constrained > 0 && constrained < total ? constrained : undefined;
}
