/**
 * `engines`: models that run on this machine.
 *
 * @module
 */

import { array, literal, strictObject, union, _default as withDefault } from "zod/mini";
import { aList, aMap, choice, duration, expected, text, wholeNumber } from "./fields.ts";

const gpuLayers = union(
  [literal("auto"), wholeNumber(0, 1_000)],
  expected("auto or a whole number from 0 to 1000"),
);

const engineSchema = strictObject(
  {
    id: text("the name of the engine"),
    path: text("the path or URL of a GGUF file"),
    load: withDefault(choice(["lazy", "eager"]), "lazy"),
    idle_timeout: withDefault(duration("0s"), "5m"),
    context_size: withDefault(wholeNumber(1, 100_000_000), 4096),
    gpu_layers: withDefault(gpuLayers, "auto"),
  },
  aMap,
);

/** The schema of `engines`. */
export const enginesSchema = withDefault(array(engineSchema, aList), []);
