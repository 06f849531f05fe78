/**
 * A run: starts everybody, measures in interleaved rounds, stops everybody.
 *
 * @module
 */

import { type Lab, openLab } from "./lab/lab.ts";
import type { TrialRounds } from "./results.ts";
import type { Contender, Effort, Reading, Trial } from "./scenarios/trial.ts";
import type { RunningSubject, Subject } from "./subjects/subject.ts";
import { defaultScript } from "./wire/script.ts";

/** What is measured. */
export interface RunOptions {
  readonly subjects: readonly Subject[];
  readonly trials: readonly Trial[];
  readonly effort: Effort;
  /** Ends the run as soon as the round that is running is over. */
  readonly signal: AbortSignal;
  /** Told what is being done. */
  readonly onProgress: (text: string) => void;
}

/** What came of it. */
export interface RunResult {
  readonly trials: readonly TrialRounds[];
  /** Subjects that could not be started, with the reason. */
  readonly absent: Readonly<Record<string, string>>;
  /** Whether each role had a core of its own. */
  readonly pinned: string;
}

/**
 * Runs to the end. No process and no file is left behind, whatever happens.
 *
 * @throws the signal's reason when it aborted
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const lab = await openLab();
  const contenders: Contender[] = [];
  const absent: Record<string, string> = {};
  try {
    for (const subject of options.subjects) {
      options.signal.throwIfAborted();
      options.onProgress(`starting ${subject.name}`);
      try {
        const running = await subject.start(lab);
        contenders.push({ subject, running });
        await warmUp(running, lab, options.effort);
      } catch (reason) {
        absent[subject.name] = messageOf(reason);
      }
    }
    const trials: TrialRounds[] = [];
    for (const trial of options.trials) {
      options.onProgress(`${trial.scenario}: ${trial.title}`);
      trials.push(
        await measure(trial, contenders, (contender, effort) => trial.run(contender, lab, effort), options),
      );
    }
    return { trials, absent, pinned: lab.cores ? JSON.stringify(lab.cores) : "no" };
  } finally {
    await Promise.all(contenders.map(({ running }) => running.stop()));
    await lab.close();
  }
}

/** Lets a subject come to its speed: code that has run a few times only is slow in everybody's process. */
async function warmUp(running: RunningSubject, lab: Lab, { durationMs }: Effort): Promise<void> {
  const destination = running.destination("openai");
  if (!destination) return;
  const common = { destination, script: defaultScript, concurrency: 16, warmupMs: 0 };
  for (const stream of [false, true]) await lab.load({ ...common, stream, durationMs: durationMs * 2 });
  running.truncateLog();
}

type Measure = (contender: Contender, effort: Effort) => Promise<Reading>;

/** A B C, B C A, …: whatever else the machine does meets all of them, and nobody always comes first. */
async function measure(
  trial: Trial,
  all: readonly Contender[],
  take: Measure,
  { effort, signal }: RunOptions,
): Promise<TrialRounds> {
  const contenders = all.filter(({ subject }) => !trial.without?.includes(subject.name));
  const rounds: Record<string, Reading[]> = {};
  const omitted: Record<string, string> = {};
  for (let round = 0; round < effort.rounds; round += 1)
    for (let place = 0; place < contenders.length; place += 1) {
      signal.throwIfAborted();
      const contender = contenders[(round + place) % contenders.length];
      if (!contender || omitted[contender.subject.name] !== undefined) continue;
      const { name } = contender.subject;
      try {
        rounds[name] = [...(rounds[name] ?? []), await take(contender, effort)];
      } catch (reason) {
        omitted[name] = messageOf(reason);
        delete rounds[name];
      }
    }
  const { scenario, title, metrics } = trial;
  return { scenario, title, metrics: metrics.map(plain), rounds, omitted };
}

/** Without what a trial adds to its metrics for itself. */
function plain({ name, unit, isAdded = false }: Trial["metrics"][number]): Trial["metrics"][number] {
  return { name, unit, isAdded };
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
