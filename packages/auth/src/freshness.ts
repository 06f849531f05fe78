/**
 * How far a record at hand is to be trusted.
 *
 * | age of the record | a use |
 * |---|---|
 * | below 5 s | is served |
 * | 5–10 s | is served, and the record is read again in the background |
 * | above | waits for the record to be read again; when that fails, it is served up to `maxStaleMs` |
 *
 * So a change takes effect within 10 s even where its event is lost, and records in use never wait. A store that
 * is down is noticed by one wait: while reads keep failing, nobody waits for a record that may be served anyway.
 *
 * @module
 */

/** What is known of a record and its store. Times are on the monotonic clock, in milliseconds. */
export interface RecordAge {
  readonly nowMs: number;
  /** When the read began that brought the record. */
  readonly readMs: number;
  /** When the record may be read again; in the future just after that failed. */
  readonly retryMs: number;
  /** When a read of any record last failed, with none succeeding since. */
  readonly failedMs: number;
  /** How long a record is good while it cannot be read again. */
  readonly maxStaleMs: number;
}

/**
 * What to do with a use of the record: `serve` it; `refresh` it in the background and serve it; `confirm` it by
 * reading it again and serve it anyway where that fails; `replace` it, because it is too old to be served.
 */
export type RecordTrust = "serve" | "refresh" | "confirm" | "replace";

/** The longest time a change goes unnoticed while the store answers. */
export const confirmMs = 10_000;

const refreshMs = 5_000;

/** The pause after a failure, the limit of a read, and some room: while in use, a store that is down stays known as down. */
const outageMs = 3_000;

/** Decides about one use of a record. */
export function judgeRecord(age: RecordAge): RecordTrust {
  const { nowMs, readMs } = age;
  const ageMs = nowMs - readMs;
  if (ageMs < refreshMs) return "serve";
  if (ageMs > age.maxStaleMs) return "replace";
  if (nowMs < age.retryMs) return "serve";
  const isOutage = nowMs - age.failedMs <= outageMs;
  return ageMs < confirmMs || isOutage ? "refresh" : "confirm";
}
