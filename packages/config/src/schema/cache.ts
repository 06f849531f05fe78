/**
 * `cache`: answers that are kept.
 *
 * @module
 */

import { prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, choice, duration, flag, size } from "./fields.ts";

/** The schema of `cache`. */
export const cacheSchema = prefault(
  strictObject(
    {
      enabled: withDefault(flag(), false),
      backend: withDefault(choice(["memory", "redis"]), "memory"),
      max_bytes: withDefault(size("1MiB", "1024GiB"), "256MiB"),
      max_entry_bytes: withDefault(size("1KiB", "1GiB"), "1MiB"),
      default_ttl: withDefault(duration("0s", "365d"), "5m"),
      streams: withDefault(flag(), true),
    },
    aMap,
  ),
  {},
);
