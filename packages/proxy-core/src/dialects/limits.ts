/**
 * What every dialect refuses to read.
 *
 * @module
 */

import { expected, type Fields, type Range } from "./fields.ts";

/** Longer than any vendor's names, also those that are paths or resource identifiers. */
const maxModelLength = 256;
/** The most messages of one request. */
export const maxMessages = 10_000;
/** More than any model writes; what is beyond it is a mistake, and a budget would have to reserve it. */
const maxOutputTokens = 10_000_000;

/** How many tokens may be asked for. */
export const outputTokenRange = { min: 1, max: maxOutputTokens } satisfies Range;

/**
 * Reads the model's name, which is looked up, recorded and repeated in messages.
 *
 * @throws `invalid_request` (field `model`)
 */
export function readModelName(request: Fields): string {
  const model = request.requiredText("model");
  if (model.length > maxModelLength) throw expected("model", `at most ${maxModelLength} characters`);
  return model;
}
