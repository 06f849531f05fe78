/**
 * Metrics a test can read.
 *
 * @module
 */

import type { InstrumentOptions, Labels, Meter } from "@llmproxy/spec";

/** A meter that keeps everything that is measured. It refuses what a Prometheus registry would refuse. */
export interface MemoryMeter extends Meter {
  /** Every instrument made so far, in order. */
  readonly instruments: readonly InstrumentOptions[];
  /**
   * The number of a counter or gauge, or how many values a histogram recorded: the sum over all label sets
   * that contain `labels`; 0 when there are none.
   *
   * @throws Error when there is no instrument of that name
   */
  value(name: string, labels?: Labels): number;
  /**
   * The values a histogram recorded under label sets that contain `labels`, oldest first.
   *
   * @throws Error when there is no instrument of that name
   */
  recorded(name: string, labels?: Labels): readonly number[];
  /** Every label set an instrument was used with; for tests of their number and content. */
  labelSets(name: string): readonly Labels[];
}

type Kind = "counter" | "gauge" | "histogram";

interface Measurement {
  readonly labels: Labels;
  readonly values: number[];
}

/** Makes a meter that writes into memory. */
export function createMemoryMeter(): MemoryMeter {
  const instruments = new Map<string, MemoryInstrument>();

  const instrument = (kind: Kind, options: InstrumentOptions): MemoryInstrument => {
    const known = instruments.get(options.name);
    if (known && known.kind !== kind) throw new Error(`${options.name} is already a ${known.kind}`);
    const made = known ?? new MemoryInstrument(kind, options);
    instruments.set(options.name, made);
    return made;
  };
  const matching = (name: string, labels: Labels): readonly Measurement[] => {
    const found = instruments.get(name);
    if (found === undefined) throw new Error(`there is no instrument ${name}`);
    return found.matching(labels);
  };
  const recorded = (name: string, labels: Labels = {}): readonly number[] =>
    matching(name, labels).flatMap(({ values }) => values);

  return {
    counter: (options) => instrument("counter", options),
    gauge: (options) => instrument("gauge", options),
    histogram: (options) => instrument("histogram", options),
    get instruments() {
      return [...instruments.values()].map(({ options }) => options);
    },
    value(name, labels = {}) {
      const values = recorded(name, labels);
      return instruments.get(name)?.kind === "histogram"
        ? values.length
        : values.reduce((total, value) => total + value, 0);
    },
    recorded,
    labelSets: (name) => matching(name, {}).map(({ labels }) => labels),
  };
}

class MemoryInstrument {
  readonly kind: Kind;
  readonly options: InstrumentOptions;
  readonly #measurements = new Map<string, Measurement>();

  constructor(kind: Kind, options: InstrumentOptions) {
    this.kind = kind;
    this.options = options;
  }

  add(labels: Labels, value = 1): void {
    if (this.kind === "counter" && !(value >= 0))
      throw new RangeError(`${this.options.name} was given ${value}, want 0 or more`);
    const { values } = this.#measurement(labels);
    values[0] = (values[0] ?? 0) + value;
  }

  set(labels: Labels, value: number): void {
    this.#measurement(labels).values[0] = value;
  }

  record(labels: Labels, value: number): void {
    this.#measurement(labels).values.push(value);
  }

  matching(labels: Labels): readonly Measurement[] {
    return [...this.#measurements.values()].filter((measurement) =>
      Object.entries(labels).every(([name, value]) => measurement.labels[name] === value),
    );
  }

  #measurement(labels: Labels): Measurement {
    const wanted = [...(this.options.labels ?? [])].sort();
    const given = Object.keys(labels).sort();
    if (given.join() !== wanted.join())
      throw new Error(`${this.options.name} was given the labels [${given}], want [${wanted}]`);
    const key = JSON.stringify(wanted.map((name) => labels[name]));
    const measurement = this.#measurements.get(key) ?? { labels: { ...labels }, values: [] };
    this.#measurements.set(key, measurement);
    return measurement;
  }
}
