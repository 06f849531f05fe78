/**
 * What a run found: all rounds, and what is told of them.
 *
 * @module
 */

import type { Metric, Reading } from "./scenarios/trial.ts";
import { median, spread } from "./statistics.ts";

/** The rounds of one trial. */
export interface TrialRounds {
  readonly scenario: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** By subject, then by round; a round in which the subject failed is absent. */
  readonly rounds: Readonly<Record<string, readonly Reading[]>>;
  /** Why subjects have no figures. */
  readonly omitted: Readonly<Record<string, string>>;
}

/** One figure of one subject. */
export interface Figure {
  /** The median of the rounds; of an added figure, the median of the differences within each round. */
  readonly value: number;
  /** Distance between the quartiles of the rounds as a share of the value. */
  readonly spread: number;
}

/** The subject that added figures are compared with. */
export const baseline = "direct";

/**
 * The figure of a subject.
 *
 * @returns undefined when there is none
 */
export function figureOf(trial: TrialRounds, metric: Metric, subject: string): Figure | undefined {
  const before = trial.rounds[baseline] ?? [];
  const isAdded = metric.isAdded === true && subject !== baseline;
  const values = (trial.rounds[subject] ?? []).flatMap((reading, round) => {
    const value = reading[metric.name];
    const subtracted = isAdded ? before[round]?.[metric.name] : 0;
    return value === undefined || subtracted === undefined ? [] : [value - subtracted];
  });
  return values.length === 0 ? undefined : { value: median(values), spread: spread(values) };
}

/**
 * One subject's figure as a multiple of another's, from medians of the same run.
 *
 * @returns undefined when one of them has none, or the second is zero
 */
export function ratioOf(
  trial: TrialRounds,
  metric: Metric,
  [subject, other]: readonly [string, string],
): number | undefined {
  const first = figureOf(trial, metric, subject);
  const second = figureOf(trial, metric, other);
  return first && second && second.value > 0 ? first.value / second.value : undefined;
}
