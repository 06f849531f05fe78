/**
 * `redis`: what several servers share.
 *
 * @module
 */

import { nullable, prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, choice, unseenText } from "./fields.ts";

/** The schema of `redis`. */
export const redisSchema = prefault(
  strictObject(
    {
      url: withDefault(nullable(unseenText("a redis:// or rediss:// URL", /^rediss?:\/\/./)), null),
      on_error: withDefault(choice(["local", "deny"]), "local"),
    },
    aMap,
  ),
  {},
);
