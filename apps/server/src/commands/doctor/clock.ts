/**
 * Whether the clock of this machine can be right.
 *
 * @module
 */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@llmproxy/spec";
import { type Check, type Checkup, fail, ok, warn } from "./checkup.ts";

/** Nobody runs this before it was written. */
const earliestMs = Date.UTC(2026, 0, 1);
const toleranceMs = 60_000;

/** It must not be before what has happened already. */
export async function checkClock({ dataDirectory }: Checkup): Promise<readonly Check[]> {
  const now = systemClock.now();
  const shown = new Date(now).toISOString();
  const remedy = "synchronise this machine's clock (NTP)";
  if (now < earliestMs) return [fail("clock", `it says ${shown}, which has been long ago`, remedy)];
  const newest = await newestChange(dataDirectory);
  if (newest > now + toleranceMs)
    return [
      warn("clock", `it says ${shown}, but data was written at ${new Date(newest).toISOString()}`, remedy),
    ];
  return [ok("clock", shown)];
}

async function newestChange(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const times = names.map((name) =>
    stat(join(directory, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(times)));
}
