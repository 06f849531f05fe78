/**
 * Writes the fields of most events as JSON without reading them one by one.
 *
 * The line of a call has some fifteen fields, all of them short texts and numbers under names that we chose. Only
 * events with anything else in them (errors, lists, long texts) need the reader of `loggable.ts`.
 *
 * @module
 */

import type { LogFields } from "@llmproxy/spec";
import { isOrdinaryName, maxStringLength } from "./loggable.ts";

const plainName = /^[a-z][a-zA-Z0-9_]{0,39}$/;
const maxNames = 1_000;

/** Fields that may be written as they are. */
export class PlainFields {
  /** Names that were looked at, and whether they are plain; bounded, as names may come from outside. */
  readonly #names = new Map<string, boolean>();

  /**
   * @param inherited - fields whose names `fields` must not have too
   * @returns the fields as members of a JSON object, each after a comma; undefined where one of them has to be
   *   read by `loggableFields`. Secrets in the texts are still there.
   */
  write(fields: LogFields, inherited: LogFields): string | undefined {
    try {
      if (Object.getPrototypeOf(fields) !== Object.prototype) return undefined;
      for (const name in fields)
        if (!isPlainValue(fields[name]) || name in inherited || !this.#isPlainName(name)) return undefined;
      const json = JSON.stringify(fields);
      return json === "{}" ? "" : `,${json.slice(1, -1)}`;
    } catch {
      // A getter threw; the reader knows what to show then.
      return undefined;
    }
  }

  #isPlainName(name: string): boolean {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const isPlain = plainName.test(name) && isOrdinaryName(name);
    if (this.#names.size < maxNames) this.#names.set(name, isPlain);
    return isPlain;
  }
}

function isPlainValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value.length <= maxStringLength;
    case "number":
      return Number.isFinite(value);
    case "boolean":
    case "undefined":
      return true;
    default:
      return value === null;
  }
}
