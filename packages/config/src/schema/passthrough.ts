/**
 * `passthrough`: requests forwarded as they are.
 *
 * @module
 */

import { array, nullable, prefault, record, strictObject, string, _default as withDefault } from "zod/mini";
import { aList, aMap, choice, text, textList } from "./fields.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

const ruleSchema = strictObject(
  {
    allowed_endpoints: withDefault(textList("a path such as /v1/files"), []),
    allowed_methods: withDefault(array(choice(methods), aList), ["GET", "POST", "OPTIONS"]),
    param_whitelist: withDefault(record(string(), textList("an allowed value"), aMap), {}),
    allowed_origins: withDefault(textList("an origin such as https://app.example.com"), []),
    required_headers: withDefault(textList("the name of a header"), []),
  },
  aMap,
);

/** The schema of `passthrough`. */
export const passthroughSchema = prefault(
  strictObject(
    {
      provider: withDefault(nullable(text("the name of a provider")), null),
      rules: withDefault(record(string(), ruleSchema, aMap), {}),
    },
    aMap,
  ),
  {},
);
