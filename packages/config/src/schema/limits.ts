/**
 * `limits`: how much may be used at a time.
 *
 * @module
 */

import { nullable, prefault, record, strictObject, string, _default as withDefault } from "zod/mini";
import { aMap, duration, flag, wholeNumber } from "./fields.ts";

const count = () => withDefault(nullable(wholeNumber(1, 1_000_000_000)), null);

const limitSchema = strictObject(
  {
    rpm: count(),
    tpm: count(),
    concurrency: count(),
    burst: count(),
    max_input_chars: count(),
    request_timeout: withDefault(nullable(duration("1ms")), null),
  },
  aMap,
);

/** The schema of `limits`. */
export const limitsSchema = prefault(
  strictObject(
    {
      global: prefault(limitSchema, {}),
      per_ip: prefault(limitSchema, {}),
      per_project: prefault(limitSchema, {}),
      per_key: prefault(limitSchema, {}),
      subjects: withDefault(record(string(), limitSchema, aMap), {}),
      adaptive: prefault(strictObject({ enabled: withDefault(flag(), false) }, aMap), {}),
    },
    aMap,
  ),
  {},
);
