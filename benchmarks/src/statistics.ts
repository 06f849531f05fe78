/**
 * Numbers from numbers.
 *
 * @module
 */

/** What is told of many values. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * A percentile by the nearest rank: always one of the values, never one between two.
 *
 * @param sorted - in rising order
 * @param share - in (0, 1]
 * @returns NaN of no values
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Sums up values; all of it is NaN, and the count 0, of no values. */
export function summarize(values: readonly number[]): Summary {
  const sorted = Float64Array.from(values).sort();
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    count: sorted.length,
    mean: sum / sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: percentile(sorted, 1),
  };
}

/** The middle value; of an even number of values, the mean of the two in the middle. NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[sorted.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * How far the rounds lie apart: the distance between the first and the third quartile as a share of the median.
 *
 * @returns 0 of a single value
 */
export function spread(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = median(values);
  return middle === 0 ? 0 : (percentile(sorted, 0.75) - percentile(sorted, 0.25)) / Math.abs(middle);
}
