/**
 * `models`: the names clients use and what they mean.
 *
 * @module
 */

import type { Target } from "@llmproxy/spec";
import {
  array,
  literal,
  nullable,
  optional,
  type output,
  prefault,
  strictObject,
  union,
  _default as withDefault,
} from "zod/mini";
import { aList, aMap, choice, decimal, duration, expected, text, textList, wholeNumber } from "./fields.ts";

/** A model clients can ask for. */
export interface ModelConfig {
  /** The name clients use; unique among names and aliases. */
  readonly name: string;
  /** Other names for it. Default none. */
  readonly aliases: readonly string[];
  /** How a target is chosen: in the order given, the next one when one fails. */
  readonly policy: "priority";
  /** Where calls may go; at least one. */
  readonly targets: readonly Target[];
}

const modelName = () => text("the name of a model, without spaces", /^[^\s\p{Cc}]{1,256}$/u);

const policies = [
  "priority",
  "weighted",
  "round-robin",
  "least-latency",
  "least-busy",
  "least-cost",
] as const;

const retryCause = union(
  [wholeNumber(400, 599), choice(["5xx", "timeout", "connect"])],
  expected("a status from 400 to 599, 5xx, timeout or connect"),
);

const targetSchema = strictObject(
  {
    provider: text("the name of a provider"),
    model: modelName(),
    weight: withDefault(decimal(0, 1_000_000), 1),
  },
  aMap,
);

const retrySchema = strictObject(
  {
    attempts: withDefault(wholeNumber(0, 10), 2),
    on: withDefault(array(retryCause, aList), [429, "5xx", "timeout", "connect"]),
  },
  aMap,
);

const dollars = () => decimal(0, 1_000_000);

const modelSchema = strictObject(
  {
    name: modelName(),
    aliases: withDefault(array(modelName(), aList), []),
    policy: withDefault(choice(policies), "priority"),
    targets: array(targetSchema, aList),
    fallbacks: withDefault(textList("the name of a model"), []),
    retry: optional(retrySchema),
    cache: prefault(strictObject({ ttl: withDefault(nullable(duration("1s", "365d")), null) }, aMap), {}),
    on_disconnect: withDefault(literal("cancel", expected("cancel")), "cancel"),
    price: optional(
      strictObject({ input_per_million_usd: dollars(), output_per_million_usd: dollars() }, aMap),
    ),
  },
  aMap,
);

/** The schema of `models`. */
export const modelsSchema = withDefault(array(modelSchema, aList), []);

/** The schema of `default_model`. */
export const defaultModelSchema = withDefault(nullable(modelName()), null);

/** Makes an entry of the section; one whose policy this version lacks has been refused before. */
export function modelConfig(input: output<typeof modelSchema>): ModelConfig {
  return {
    name: input.name,
    aliases: input.aliases,
    policy: "priority",
    targets: input.targets.map(({ provider, model }) => ({ provider, model })),
  };
}
