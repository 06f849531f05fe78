/**
 * Moments and durations as people read them.
 *
 * @module
 */

import { systemClock } from "@llmproxy/spec";

const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** `2026-11-21 08:49:53 UTC (in 3 hours)`. */
export function momentText(moment: Date, nowMs = systemClock.now()): string {
  return `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC (${relativeText(moment.getTime() - nowMs)})`;
}

/** A year that lost a second on the way is still a year. */
const nearly = 0.99;

/** A time to come or gone by, in the largest unit that fits. */
function relativeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least * nearly) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "always" }).format(Math.round(seconds / size), unit);
}
