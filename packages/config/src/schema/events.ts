/**
 * `events`: who is told what happened.
 *
 * @module
 */

import { array, prefault, record, strictObject, string, _default as withDefault } from "zod/mini";
import { aList, aMap, anything, choice } from "./fields.ts";

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
