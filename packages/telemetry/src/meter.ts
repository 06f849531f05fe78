/**
 * Metrics, kept in this process and read as Prometheus text or as JSON.
 *
 * @module
 */

/// <reference path="./prom-client-modules.d.ts" />

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
import PromCounter from "prom-client/lib/counter.js";
import PromGauge from "prom-client/lib/gauge.js";
import PromHistogram from "prom-client/lib/histogram.js";
import PromRegistry from "prom-client/lib/registry.js";
import { LabelSets } from "./label-sets.ts";
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
  const registry = new PromRegistry();
  return {
    meter: new PrometheusMeter(registry, options.scrub ?? createScrubber(), options.logger ?? silentLogger),
    prometheus: () => registry.metrics(),
    json: async () => asJson(await registry.getMetricsAsJSON()),
  };
}

type Kind = "counter" | "gauge" | "histogram";
type Measure = (labels: Labels, value: number) => void;

class PrometheusMeter implements Meter {
  readonly #registry: PromRegistry;
  readonly #scrub: Scrubber;
  readonly #logger: Logger;
  readonly #instruments = new Map<string, { readonly kind: Kind; readonly instrument: unknown }>();

  constructor(registry: PromRegistry, scrub: Scrubber, logger: Logger) {
    this.#registry = registry;
    this.#scrub = scrub;
    this.#logger = logger;
  }

  counter(options: InstrumentOptions): Counter {
    return this.#once("counter", options, () => {
      const counter = new PromCounter(this.#configuration(options));
      const add = this.#safely(options, (labels, value) => counter.inc(labels, value));
      return { add: (labels: Labels, value = 1) => add(labels, value) };
    });
  }

  gauge(options: InstrumentOptions): Gauge {
    return this.#once("gauge", options, () => {
      const gauge = new PromGauge(this.#configuration(options));
      return {
        set: this.#safely(options, (labels, value) => gauge.set(labels, value)),
        add: this.#safely(options, (labels, value) => gauge.inc(labels, value)),
      };
    });
  }

  histogram(options: InstrumentOptions & { readonly buckets: readonly number[] }): Histogram {
    return this.#once("histogram", options, () => {
      const histogram = new PromHistogram({ ...this.#configuration(options), buckets: [...options.buckets] });
      return { record: this.#safely(options, (labels, value) => histogram.observe(labels, value)) };
    });
  }

  #configuration({ name, help, labels = [] }: InstrumentOptions) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  #once<T>(kind: Kind, { name }: InstrumentOptions, make: () => T): T {
    const known = this.#instruments.get(name);
    if (known && known.kind !== kind) throw new Error(`the metric ${name} is already a ${known.kind}`);
    const instrument = known ? (known.instrument as T) : make();
    this.#instruments.set(name, { kind, instrument });
    return instrument;
  }

  /** A measurement that cannot be taken (NaN, a counter that would shrink) must not fail the call it measures. */
  #safely({ name, labels = [] }: InstrumentOptions, measure: Measure): Measure {
    const labelSets = new LabelSets(labels, this.#scrub);
    let hasFailed = false;
    return (given, value) => {
      try {
        measure(labelSets.bounded(given), value);
      } catch (error) {
        if (!hasFailed) this.#logger.error({ error, metric: name }, "a measurement could not be taken");
        hasFailed = true;
      }
    };
  }
}

/** What prom-client gives for one value; its types leave the name out. */
interface PromValue {
  readonly labels: object;
  readonly value: number;
  readonly metricName?: string;
}

function asJson(metrics: Awaited<ReturnType<PromRegistry["getMetricsAsJSON"]>>): JsonObject {
  return Object.fromEntries(
    metrics.map(({ name, help, type, values }) => [
      name,
      { type: String(type), help, values: values.map(jsonValue) },
    ]),
  );
}

function jsonValue({ labels, value, metricName }: PromValue): JsonObject {
  return { ...(metricName !== undefined && { metric: metricName }), labels: { ...labels }, value };
}
