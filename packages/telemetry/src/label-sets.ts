/**
 * Keeps the number of time series of an instrument bounded, whatever ends up in its labels, and finds each of
 * them at the price of one look into a `Map` per label.
 *
 * @module
 */

import type { Labels } from "@llmproxy/spec";
import type { Scrubber } from "./scrubber.ts";

/** How many label sets an instrument may have. */
export const maxLabelSets = 1_000;

const maxValueLength = 128;
const other = "other";

/** What the label sets of an instrument are made with. */
export interface LabelSetsOptions<T> {
  /** The labels that were declared. */
  readonly names: readonly string[];
  /** Takes secrets out of values. */
  readonly scrub: Scrubber;
  /** Makes what is measured in, once per label set. */
  readonly makeCell: () => T;
}

/** One label set as it is shown, and what is measured under it. */
export interface Series<T> {
  readonly labels: Readonly<Record<string, string>>;
  readonly cell: T;
}

/** The values of one label after the values of those before it: no key has to be put together to find a cell. */
interface Step<T> {
  readonly next: Map<string, Step<T>>;
  cell: T | undefined;
}

/** The label sets of one instrument. An instrument without labels has its one series from the start. */
export class LabelSets<T> {
  readonly #options: LabelSetsOptions<T>;
  readonly #root: Step<T> = { next: new Map(), cell: undefined };
  readonly #series = new Map<string, Series<T>>();
  #known = 0;

  constructor(options: LabelSetsOptions<T>) {
    this.#options = options;
    if (options.names.length === 0) this.#root.cell = this.#add([]);
  }

  /**
   * What to measure in: the cell of the given labels, their values scrubbed and cut at 128 characters, or of all
   * values `other` once there are 1,000. A label that is missing is empty, one that was not declared is left out.
   */
  cell(labels: Labels): T {
    let step: Step<T> | undefined = this.#root;
    for (const name of this.#options.names) {
      step = step.next.get(labels[name] ?? "");
      if (step === undefined) return this.#learn(labels);
    }
    return step.cell ?? this.#learn(labels);
  }

  /** All series, in the order in which they were first measured. */
  series(): Iterable<Series<T>> {
    return this.#series.values();
  }

  #learn(labels: Labels): T {
    const { names, scrub } = this.#options;
    if (this.#known >= maxLabelSets) return this.#add(names.map(() => other));
    this.#known += 1;
    const values = names.map((name) => labels[name] ?? "");
    // Values that differ only in what is not shown are one series.
    const cell = this.#add(values.map((value) => scrub(value).slice(0, maxValueLength)));
    let step = this.#root;
    for (const value of values) {
      const next: Step<T> = step.next.get(value) ?? { next: new Map(), cell: undefined };
      step.next.set(value, next);
      step = next;
    }
    step.cell = cell;
    return cell;
  }

  #add(values: readonly string[]): T {
    const key = JSON.stringify(values);
    const known = this.#series.get(key);
    if (known) return known.cell;
    const { names, makeCell } = this.#options;
    const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
    const cell = makeCell();
    this.#series.set(key, { labels, cell });
    return cell;
  }
}
