/**
 * `budget`: what is assumed where money is limited.
 *
 * @module
 */

import { prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, wholeNumber } from "./fields.ts";

/** The schema of `budget`. */
export const budgetSchema = prefault(
  strictObject({ assume_output: withDefault(wholeNumber(1, 1_000_000_000), 4096) }, aMap),
  {},
);
