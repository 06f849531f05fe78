/**
 * The answers that have begun and not ended.
 *
 * They stand in an array, where an answer that leaves gives its place to the last one. A `Set` would keep them longer
 * than that: it is copied to a new table over and over as its members come and go, V8 lets each table point at the
 * next, and once one of them is old, all answers that were ever in the tables behind it stay until the next full
 * collection.
 *
 * @module
 */

import type { ListenerResponse } from "./handler.ts";

interface Place {
  readonly response: ListenerResponse;
  index: number;
}

/** Answers from their beginning to their `close` event. */
export class RunningAnswers {
  readonly #places: Place[] = [];

  /** How many there are. */
  get size(): number {
    return this.#places.length;
  }

  /** Takes an answer in until it is closed. */
  add(response: ListenerResponse): void {
    const place: Place = { response, index: this.#places.length };
    this.#places.push(place);
    response.on("close", () => this.#leave(place));
  }

  /** All that run now. */
  all(): readonly ListenerResponse[] {
    return this.#places.map(({ response }) => response);
  }

  #leave(place: Place): void {
    if (this.#places[place.index] !== place) return;
    const last = this.#places.pop();
    if (last === undefined || last === place) return;
    last.index = place.index;
    this.#places[place.index] = last;
  }
}
