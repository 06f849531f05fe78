/**
 * `events` and `audit`: what happened, and who is told.
 *
 * @module
 */

import { array, prefault, record, strictObject, string, _default as withDefault } from "zod/mini";
import { aList, aMap, anything, choice, flag, text } from "./fields.ts";

/** The schema of `events`. The keys of a sink depend on its kind. */
export const eventsSchema = prefault(
  strictObject(
    {
      bus: withDefault(choice(["in-memory", "redis", "redis-streams"]), "in-memory"),
      sinks: withDefault(array(record(string(), anything(), aMap), aList), []),
    },
    aMap,
  ),
  {},
);

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
