/**
 * `audit`: the record of who did what.
 *
 * @module
 */

import { prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, flag, text } from "./fields.ts";

/** The schema of `audit`. */
export const auditSchema = prefault(
  strictObject(
    {
      enabled: withDefault(flag(), false),
      file: withDefault(text("the path of a file"), "audit.log"),
      store: withDefault(flag(), true),
    },
    aMap,
  ),
  {},
);
