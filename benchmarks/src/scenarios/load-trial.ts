/**
 * Trials that put load on a subject that is running already.
 *
 * @module
 */

import { processorTimeOf } from "../lab/process-figures.ts";
import type { LoadResult } from "../load/load-job.ts";
import type { Way } from "../subjects/subject.ts";
import type { Script } from "../wire/script.ts";
import type { Metric, Reading, Trial } from "./trial.ts";

/** A figure taken from a load. */
export interface LoadMetric extends Metric {
  /** @param processorMs - processor time of the subject; undefined where it is not told */
  readonly of: (result: LoadResult, processorMs: number | undefined) => number | undefined;
}

/** Answers a second: the capacity of one core. */
export const answersPerSecond: LoadMetric = {
  name: "answers",
  unit: "/s",
  of: ({ completed, seconds }) => completed / seconds,
};

/** Processor time for each answer: other programs on the machine change it less than they change the time. */
export const processorPerAnswer: LoadMetric = {
  name: "cpu per answer",
  unit: "µs",
  of: ({ total }, processorMs) => (processorMs === undefined ? undefined : (processorMs * 1_000) / total),
};

/** What a subject adds to the time of an answer. */
export const addedLatency: readonly LoadMetric[] = [
  { name: "added p50", unit: "ms", isAdded: true, of: ({ latencyMs }) => latencyMs.p50 },
  { name: "added p99", unit: "ms", isAdded: true, of: ({ latencyMs }) => latencyMs.p99 },
];

/** What a subject adds to the time to the first text. */
export const addedFirstChunk: readonly LoadMetric[] = [
  { name: "added to first chunk p50", unit: "ms", isAdded: true, of: ({ firstChunkMs }) => firstChunkMs.p50 },
  { name: "added to first chunk p99", unit: "ms", isAdded: true, of: ({ firstChunkMs }) => firstChunkMs.p99 },
];

/** What a subject adds to the way of each later chunk. */
export const addedChunk: readonly LoadMetric[] = [
  { name: "added per chunk p50", unit: "ms", isAdded: true, of: ({ chunkMs }) => chunkMs.p50 },
  { name: "added per chunk p99", unit: "ms", isAdded: true, of: ({ chunkMs }) => chunkMs.p99 },
];

/** What a {@link loadTrial} does. */
export interface LoadTrialOptions {
  readonly scenario: string;
  readonly title: string;
  readonly way: Way;
  readonly stream: boolean;
  readonly script: Script;
  readonly concurrency: number;
  readonly metrics: readonly LoadMetric[];
  /** Subjects that do not offer this. */
  readonly without?: readonly string[];
}

/** Makes a trial. */
export function loadTrial(options: LoadTrialOptions): Trial {
  const { scenario, title, way, stream, script, concurrency, metrics, without = [] } = options;
  return {
    scenario,
    title,
    metrics,
    without,
    async run({ running }, lab, { warmupMs, durationMs }) {
      const destination = running.destination(way);
      if (!destination) throw new Error("not offered");
      const before = running.pid === undefined ? undefined : processorTimeOf(running.pid);
      const result = await lab.load({ destination, script, stream, concurrency, warmupMs, durationMs });
      const after = running.pid === undefined ? undefined : processorTimeOf(running.pid);
      running.truncateLog();
      check(result);
      return readingOf(
        metrics,
        result,
        before === undefined || after === undefined ? undefined : after - before,
      );
    },
  };
}

/** A subject that answers faster because it fails is not faster. */
function check({ completed, failed, failure }: LoadResult): void {
  if (completed === 0) throw new Error(failure ?? "no answer in time");
  if (failed > completed / 1_000) throw new Error(`${failed} of ${failed + completed} failed: ${failure}`);
}

function readingOf(
  metrics: readonly LoadMetric[],
  result: LoadResult,
  processorMs: number | undefined,
): Reading {
  const reading: Record<string, number> = {};
  for (const { name, of } of metrics) {
    const value = of(result, processorMs);
    if (value !== undefined) reading[name] = value;
  }
  return reading;
}
