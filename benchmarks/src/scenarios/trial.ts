/**
 * One thing that is measured, for every subject, round after round.
 *
 * @module
 */

import type { Lab } from "../lab/lab.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";

/** A figure of a trial. */
export interface Metric {
  /** Unique within the trial. */
  readonly name: string;
  readonly unit: "/s" | "µs" | "ms" | "MiB";
  /** Whether what the upstream itself takes, in the same round, is subtracted. */
  readonly isAdded?: boolean;
}

/** Figures of one round, by the metric's name; one that cannot be told on this machine is left out. */
export type Reading = Readonly<Record<string, number>>;

/** How long a run takes. */
export interface Effort {
  readonly rounds: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** Whom a trial works with. */
export interface Contender {
  readonly subject: Subject;
  /** One that runs as long as the whole run. */
  readonly running: RunningSubject;
}

/** Something to measure. */
export interface Trial {
  /** The scenario it belongs to, e.g. `unary`. */
  readonly scenario: string;
  /** What is done, e.g. `16 at once`. */
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Subjects it has no meaning for. */
  readonly without?: readonly string[];
  /**
   * Measures one round.
   *
   * @throws {Error} when the subject cannot do it; it is left out then
   */
  run(contender: Contender, lab: Lab, effort: Effort): Promise<Reading>;
}
