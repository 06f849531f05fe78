/**
 * `optimizer`: changes that are proposed, tried and kept or undone.
 *
 * @module
 */

import { prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, flag } from "./fields.ts";

/** The schema of `optimizer`. */
export const optimizerSchema = prefault(
  strictObject({ enabled: withDefault(flag(), false), require_approval: withDefault(flag(), true) }, aMap),
  {},
);
