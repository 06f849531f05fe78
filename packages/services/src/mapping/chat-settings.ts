/**
 * How a conversation is to be answered.
 *
 * @module
 */

import {
  type ResponseFormat as FormatMessage,
  type Sampling as SamplingMessage,
  type ToolChoice as ToolChoiceMessage,
  ToolChoiceMode,
  type Tool as ToolMessage,
} from "@llmproxy/proto";
import type { ResponseFormat, Sampling, Tool, ToolChoice } from "@llmproxy/spec";
import { defined, expected, requiredText } from "./expected.ts";
import { readExtensions } from "./extensions.ts";

/** The most answers to one request; OpenAI's own bound. */
const maxChoices = 128;

/**
 * Reads how the model is to sample.
 *
 * @throws `invalid_request` naming the field that is wrong
 */
export function readSampling(sampling: SamplingMessage | undefined, field: string): Sampling {
  if (!sampling) return {};
  const { stop, seed } = sampling;
  return defined({
    temperature: readFinite(sampling.temperature, `${field}.temperature`),
    topP: readFinite(sampling.topP, `${field}.top_p`),
    presencePenalty: readFinite(sampling.presencePenalty, `${field}.presence_penalty`),
    frequencyPenalty: readFinite(sampling.frequencyPenalty, `${field}.frequency_penalty`),
    stop: stop.length > 0 ? stop : undefined,
    seed: seed === undefined ? undefined : readSeed(seed, `${field}.seed`),
    choices: readInteger(sampling.choices, `${field}.choices`, { min: 1, max: maxChoices }),
    topLogprobs: readInteger(sampling.topLogprobs, `${field}.top_logprobs`, { min: 0 }),
  });
}

function readFinite(value: number | undefined, field: string): number | undefined {
  if (value === undefined || Number.isFinite(value)) return value;
  throw expected(field, "a finite number");
}

/**
 * Reads an integer, where there is one.
 *
 * @throws `invalid_request` when it is out of range
 */
export function readInteger(
  value: number | undefined,
  field: string,
  { min, max = 2 ** 31 - 1 }: { readonly min: number; readonly max?: number },
): number | undefined {
  if (value === undefined || (value >= min && value <= max)) return value;
  throw expected(field, `an integer from ${min} to ${max}`);
}

function readSeed(seed: bigint, field: string): number {
  const value = Number(seed);
  if (Number.isSafeInteger(value)) return value;
  throw expected(field, "an integer between -2^53 and 2^53");
}

/**
 * Reads the tools; undefined when there are none.
 *
 * @throws `invalid_request` naming the field that is wrong
 */
export function readTools(tools: readonly ToolMessage[], field: string): readonly Tool[] | undefined {
  if (tools.length === 0) return undefined;
  return tools.map(({ name, description, parameters, strict, extensions }, index) => {
    const path = `${field}[${index}]`;
    const extra = readExtensions(extensions, `${path}.extensions`, "tool");
    return {
      name: requiredText(name, `${path}.name`),
      ...defined({ description, parameters, strict, extra }),
    };
  });
}

/** The general rules by number; not said is the model's own choice, which vendors take for granted. */
const modes: Readonly<Record<number, "auto" | "none" | "required">> = {
  [ToolChoiceMode.AUTO]: "auto",
  [ToolChoiceMode.NONE]: "none",
  [ToolChoiceMode.REQUIRED]: "required",
};

/**
 * Reads which tool is to be called; undefined when nothing is said.
 *
 * @throws `invalid_request` naming the field that is wrong
 */
export function readToolChoice(choice: ToolChoiceMessage | undefined, field: string): ToolChoice | undefined {
  if (!choice) return undefined;
  const { kind } = choice;
  if (kind.case === "toolName") return { type: "tool", name: requiredText(kind.value, `${field}.tool_name`) };
  if (kind.case === undefined) throw expected(field, "mode or tool_name");
  const type = modes[kind.value];
  if (type) return { type };
  if (kind.value === ToolChoiceMode.UNSPECIFIED) return undefined;
  throw expected(`${field}.mode`, "one of the modes");
}

/**
 * Reads what form the answer must have; undefined when nothing is said.
 *
 * @throws `invalid_request` naming the field that is wrong
 */
export function readResponseFormat(
  format: FormatMessage | undefined,
  field: string,
): ResponseFormat | undefined {
  if (!format) return undefined;
  const { kind } = format;
  if (kind.case === undefined) throw expected(field, "text, json or json_schema");
  if (kind.case !== "jsonSchema") return { type: kind.case };
  const path = `${field}.json_schema`;
  const { name, schema, description, strict } = kind.value;
  if (!schema) throw expected(`${path}.schema`, "a JSON schema");
  const described = { schema, ...defined({ description, strict }) };
  return { type: "json-schema", name: requiredText(name, `${path}.name`), ...described };
}
