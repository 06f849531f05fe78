/**
 * Metrics as a port.
 *
 * @module
 */

/** Label values of one measurement; the names are those the instrument was made with. */
export type Labels = Readonly<Record<string, string>>;

/** What an instrument is called and which labels it takes. */
export interface InstrumentOptions {
  /** Prometheus name with its unit suffix, e.g. `llmproxy_call_duration_seconds`. */
  readonly name: string;
  /** One sentence for the reader of `/metrics`. */
  readonly help: string;
  /** Label names; few, and never with values that clients choose freely. */
  readonly labels?: readonly string[];
}

/** A number that only grows. */
export interface Counter {
  /** Adds `value` (default 1, ≥ 0). */
  add(labels: Labels, value?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the number. */
  set(labels: Labels, value: number): void;
  /** Adds `value`, which may be negative. */
  add(labels: Labels, value: number): void;
}

/** A distribution. */
export interface Histogram {
  /** Records one value, in the unit of the instrument's name. */
  record(labels: Labels, value: number): void;
}

/** Makes instruments. Asking twice for one name gives the same instrument. */
export interface Meter {
  /** A number that only grows. */
  counter(options: InstrumentOptions): Counter;
  /** A number that goes up and down. */
  gauge(options: InstrumentOptions): Gauge;
  /** A distribution; `buckets` are upper bounds in ascending order. */
  histogram(options: InstrumentOptions & { readonly buckets: readonly number[] }): Histogram;
}

const silentInstrument = { add() {}, set() {}, record() {} };

/** Measures nothing; the default of libraries that are given no meter. */
export const silentMeter: Meter = {
  counter: () => silentInstrument,
  gauge: () => silentInstrument,
  histogram: () => silentInstrument,
};
