/**
 * Metrics, kept in this process and read as Prometheus text or as JSON.
 *
 * @module
 */

import {
  type Counter,
  type Gauge,
  type Histogram,
  type InstrumentOptions,
  type JsonObject,
  type Labels,
  type Logger,
  type Meter,
  silentLogger,
} from "@llmproxy/spec";
import { LabelSets, type Series } from "./label-sets.ts";
import {
  checkNames,
  type FamilyKind,
  type MetricFamily,
  metricsJson,
  prometheusText,
} from "./metric-family.ts";
import { createScrubber, type Scrubber } from "./scrubber.ts";

/** How a meter is made. */
export interface MeterOptions {
  /** Hides secrets in label values; default: the common forms of secrets. */
  readonly scrub?: Scrubber;
  /** Told, once per instrument, that a measurement could not be taken. */
  readonly logger?: Logger;
}

/** A meter and its two ways to be read. */
export interface Metrics {
  /** Where libraries get their instruments. Measuring never throws; making an instrument with an invalid name does. */
  readonly meter: Meter;
  /** Everything measured so far, in Prometheus' text format 0.0.4. */
  prometheus(): Promise<string>;
  /**
   * The same as JSON, by name: `{ "<name>": { type, help, values: [{ labels, value }] } }`; the values of a
   * histogram have their part's name (`<name>_bucket`, with a label `le`, `<name>_sum`, `<name>_count`) as `metric`.
   */
  json(): Promise<JsonObject>;
}

/**
 * Makes a meter with a registry of its own. An instrument has at most 1,000 label sets; what goes beyond is
 * measured under the value `other`.
 */
export function createMeter(options: MeterOptions = {}): Metrics {
  const families = new Map<string, Instrumented>();
  return {
    meter: new Instruments(families, options.scrub ?? createScrubber(), options.logger ?? silentLogger),
    prometheus: async () => prometheusText(families.values()),
    json: async () => metricsJson(families.values()),
  };
}

/** A family and what measures in it. */
interface Instrumented extends MetricFamily {
  readonly instrument: unknown;
}

interface NumberCell {
  value: number;
}

interface HistogramCell {
  /** How many values lie in each bucket and in none before it; what is above the last bound is only in `count`. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

type Measure<T> = (cell: T, value: number) => void;

class Instruments implements Meter {
  readonly #families: Map<string, Instrumented>;
  readonly #scrub: Scrubber;
  readonly #logger: Logger;

  constructor(families: Map<string, Instrumented>, scrub: Scrubber, logger: Logger) {
    this.#families = families;
    this.#scrub = scrub;
    this.#logger = logger;
  }

  counter(options: InstrumentOptions): Counter {
    return this.#once("counter", options, () => {
      const sets = this.#labelSets(options, makeNumber);
      const measure = this.#safely(options, sets, addToCounter);
      return {
        instrument: { add: (labels: Labels, value = 1) => measure(labels, value) },
        samples: () => numberSamples(sets),
      };
    });
  }

  gauge(options: InstrumentOptions): Gauge {
    return this.#once("gauge", options, () => {
      const sets = this.#labelSets(options, makeNumber);
      return {
        instrument: {
          set: this.#safely(options, sets, setNumber),
          add: this.#safely(options, sets, addToNumber),
        },
        samples: () => numberSamples(sets),
      };
    });
  }

  histogram(options: InstrumentOptions & { readonly buckets: readonly number[] }): Histogram {
    return this.#once("histogram", options, () => {
      const bounds = [...options.buckets];
      const sets = this.#labelSets(options, () => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }));
      const record: Measure<HistogramCell> = (cell, value) => addToHistogram(cell, bounds, value);
      return {
        instrument: { record: this.#safely(options, sets, record) },
        samples: () => histogramSamples(sets, bounds),
      };
    });
  }

  #once<T>(
    kind: FamilyKind,
    { name, help, labels = [] }: InstrumentOptions,
    make: () => { readonly instrument: T; readonly samples: MetricFamily["samples"] },
  ): T {
    const known = this.#families.get(name);
    if (known && known.kind !== kind) throw new Error(`the metric ${name} is already a ${known.kind}`);
    if (known) return known.instrument as T;
    checkNames(kind, name, labels);
    const made = make();
    this.#families.set(name, { kind, name, help, ...made });
    return made.instrument;
  }

  #labelSets<T>({ labels = [] }: InstrumentOptions, makeCell: () => T): LabelSets<T> {
    return new LabelSets({ names: [...labels], scrub: this.#scrub, makeCell });
  }

  /** A measurement that cannot be taken (NaN, a counter that would shrink) must not fail the call it measures. */
  #safely<T>({ name }: InstrumentOptions, sets: LabelSets<T>, measure: Measure<T>) {
    let hasFailed = false;
    return (labels: Labels, value: number): void => {
      try {
        measure(sets.cell(labels), value);
      } catch (error) {
        if (!hasFailed) this.#logger.error({ error, metric: name }, "a measurement could not be taken");
        hasFailed = true;
      }
    };
  }
}

function makeNumber(): NumberCell {
  return { value: 0 };
}

function setNumber(cell: NumberCell, value: number): void {
  cell.value = value;
}

function addToNumber(cell: NumberCell, value: number): void {
  cell.value += value;
}

function addToCounter(cell: NumberCell, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`a counter cannot grow by ${value}`);
  cell.value += value;
}

function addToHistogram(cell: HistogramCell, bounds: readonly number[], value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`a histogram cannot take ${value}`);
  const index = bounds.findIndex((bound) => value <= bound);
  if (index !== -1) cell.buckets[index] = (cell.buckets[index] ?? 0) + 1;
  cell.sum += value;
  cell.count += 1;
}

function* numberSamples(sets: LabelSets<NumberCell>) {
  for (const { labels, cell } of sets.series()) yield { labels, value: cell.value };
}

function* histogramSamples(sets: LabelSets<HistogramCell>, bounds: readonly number[]) {
  for (const series of sets.series()) yield* oneHistogram(series, bounds);
}

function* oneHistogram({ labels, cell }: Series<HistogramCell>, bounds: readonly number[]) {
  let below = 0;
  for (const [index, le] of bounds.entries()) {
    below += cell.buckets[index] ?? 0;
    yield { part: "bucket", le, labels, value: below } as const;
  }
  yield { part: "bucket", le: "+Inf", labels, value: cell.count } as const;
  yield { part: "sum", labels, value: cell.sum } as const;
  yield { part: "count", labels, value: cell.count } as const;
}
