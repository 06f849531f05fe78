/**
 * What a process costs: memory and the time to start. Each round starts a new one.
 *
 * @module
 */

import type { Lab } from "../lab/lab.ts";
import { type MemoryFigures, memoryOf } from "../lab/process-figures.ts";
import type { RunningSubject } from "../subjects/subject.ts";
import { defaultScript } from "../wire/script.ts";
import type { Contender, Effort, Reading, Trial } from "./trial.ts";

const settleMs = 1_500;
const concurrency = 64;

/** Resident memory, idle and right after a load. */
export const memoryTrials: readonly Trial[] = [
  {
    scenario: "memory",
    title: "a new process, idle, then after unary answers and streams, 64 at once",
    metrics: [
      { name: "idle", unit: "MiB" },
      { name: "idle, private", unit: "MiB" },
      { name: "after load", unit: "MiB" },
      { name: "after load, private", unit: "MiB" },
    ],
    without: ["direct"],
    run: (contender, lab, effort) => withNew(contender, lab, (started) => readMemory(started, lab, effort)),
  },
];

/** From the start of the process to the first answer. */
export const startTrials: readonly Trial[] = [
  {
    scenario: "start",
    title: "a new process in an empty directory",
    metrics: [{ name: "until the first answer", unit: "ms" }],
    without: ["direct"],
    run: (contender, lab) =>
      withNew(contender, lab, async ({ startMs = Number.NaN }) => ({ "until the first answer": startMs })),
  },
];

async function withNew(
  { subject }: Contender,
  lab: Lab,
  use: (started: RunningSubject) => Promise<Reading>,
): Promise<Reading> {
  const started = await subject.start(lab);
  try {
    return await use(started);
  } finally {
    await started.stop();
  }
}

async function readMemory(started: RunningSubject, lab: Lab, { durationMs }: Effort): Promise<Reading> {
  const destination = started.destination("openai");
  if (started.pid === undefined || !destination) throw new Error("not offered");
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const idle = memoryOf(started.pid);
  for (const stream of [false, true])
    await lab.load({
      destination,
      script: defaultScript,
      stream,
      concurrency,
      warmupMs: 0,
      durationMs: durationMs * 2,
    });
  const after = memoryOf(started.pid);
  if (!idle || !after) throw new Error("this system does not tell");
  return { ...named("idle", idle), ...named("after load", after) };
}

function named(name: string, { residentMb, privateMb }: MemoryFigures): Reading {
  return { [name]: residentMb, [`${name}, private`]: privateMb };
}
