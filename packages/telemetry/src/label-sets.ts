/**
 * Keeps the number of time series of an instrument bounded, whatever ends up in its labels.
 *
 * @module
 */

import type { Labels } from "@llmproxy/spec";
import type { Scrubber } from "./scrubber.ts";

/** How many label sets an instrument may have. */
export const maxLabelSets = 1_000;

const maxValueLength = 128;
const other = "other";
const separator = "\u0000";

/** The label sets of one instrument. */
export class LabelSets {
  readonly #names: readonly string[];
  readonly #scrub: Scrubber;
  readonly #known = new Map<string, Record<string, string>>();
  readonly #others: Record<string, string>;

  constructor(names: readonly string[], scrub: Scrubber) {
    this.#names = names;
    this.#scrub = scrub;
    this.#others = Object.fromEntries(names.map((name) => [name, other]));
  }

  /**
   * The label set to measure under: the given one with its values scrubbed and cut at 128 characters, or all
   * values `other` once there are 1,000. A label that is missing is empty, one that was not declared is left out.
   */
  bounded(labels: Labels): Record<string, string> {
    const key = this.#names.map((name) => labels[name] ?? "").join(separator);
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= maxLabelSets) return this.#others;
    const safe = Object.fromEntries(this.#names.map((name) => [name, this.#safeValue(labels[name] ?? "")]));
    this.#known.set(key, safe);
    return safe;
  }

  #safeValue(value: string): string {
    return this.#scrub(value).slice(0, maxValueLength);
  }
}
