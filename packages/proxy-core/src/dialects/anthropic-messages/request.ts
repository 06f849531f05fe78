/**
 * Requests: `POST /v1/messages` and `POST /v1/messages/count_tokens`.
 *
 * Read strictly where something depends on it and leniently elsewhere: members and values this file does not know
 * are kept, and judged by the vendor.
 *
 * @see Anthropic API reference, "Create a Message" and "Count tokens in a Message"
 * @module
 */

import type { ChatRequest, JsonObject, JsonValue, Sampling } from "@llmproxy/spec";
import { defined, filter, isArray, objectOf, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import type { WriteRequestOptions } from "../dialect.ts";
import { expected, Fields } from "../fields.ts";
import { outputTokenRange, readModelName } from "../limits.ts";
import { ownExtra, withOwnIfAny } from "./extra.ts";
import { readMessages, readSystem, writeConversation } from "./messages.ts";
import { readOutput, writeOutput } from "./output.ts";
import { leftOfChoice, readTool, readToolChoice, writeTool, writeToolChoice } from "./tools.ts";

/** The limit where a client gives none and the model's own is not known: `budget.assume_output`. */
const assumedOutputTokens = 4_096;
/** A limit of 0 fills the prompt cache and writes nothing. */
const tokenRange = { ...outputTokenRange, min: 0 };

/** The default of `temperature` and of `top_p`. Newer models refuse these members, whatever they say. */
const samplingDefault = 1;

/** Members that become vocabulary whenever they are not null. */
const plainMembers = [
  "model",
  "messages",
  "max_tokens",
  "tools",
  "temperature",
  "top_p",
  "stop_sequences",
  "output_config",
  "output_format",
];

/**
 * Reads a request for an answer.
 *
 * @throws `invalid_request` with the path of the member in `field`
 */
export function readRequest(json: JsonObject): ChatRequest {
  const maxOutputTokens = new Fields(json, "").integer("max_tokens", tokenRange);
  if (maxOutputTokens === undefined)
    throw expected("max_tokens", `an integer from ${tokenRange.min} to ${tokenRange.max}`);
  return { ...readCountTokensRequest(json), maxOutputTokens };
}

/**
 * Reads a request to count tokens: one for an answer that need not say how long the answer may be.
 *
 * @throws `invalid_request` with the path of the member in `field`
 */
export function readCountTokensRequest(json: JsonObject): ChatRequest {
  const request = new Fields(json, "");
  const stream = request.boolean("stream") ?? false;
  const choiceFields = request.object("tool_choice");
  const { left: choiceLeft, ...choice } = choiceFields ? readToolChoice(choiceFields) : { left: undefined };
  const { left: outputLeft, ...output } = readOutput(request);
  const user = request.object("metadata")?.string("user_id");
  return {
    model: readModelName(request),
    messages: [...readSystem(json.system), ...readMessages(json.messages)],
    ...choice,
    ...output,
    ...defined({
      tools: request.array("tools")?.map((tool, index) => readTool(tool, `tools[${index}]`)),
      maxOutputTokens: request.integer("max_tokens", tokenRange),
      user,
    }),
    sampling: readSampling(request),
    stream,
    includeUsage: stream,
    ...withOwnIfAny({
      ...rest(json, readMembers(json, { stream, user })),
      ...outputLeft,
      ...defined({
        tool_choice: choiceLeft && unlessEmpty(choiceLeft),
        metadata:
          user === undefined ? undefined : unlessEmpty(rest(objectOf(json.metadata) ?? {}, userMember)),
      }),
    }),
  };
}

const userMember = new Set(["user_id"]);

/** The names of the members that have become vocabulary as a whole, or of which the rest is kept apart. */
function readMembers(
  json: JsonObject,
  { stream, user }: { stream: boolean; user: string | undefined },
): ReadonlySet<string> {
  const names = new Set([...plainMembers, "tool_choice"]);
  if (stream) names.add("stream");
  if (user !== undefined) names.add("metadata");
  // What says the default is kept for the writer, which leaves it out otherwise.
  for (const name of ["temperature", "top_p"]) if (json[name] === samplingDefault) names.delete(name);
  const isEmptySystem = json.system === "" || (isArray(json.system) && json.system.length === 0);
  if (!isEmptySystem) names.add("system");
  return names;
}

function readSampling(request: Fields): Sampling {
  return defined({
    temperature: request.number("temperature"),
    topP: request.number("top_p"),
    stop: readStop(request.array("stop_sequences")),
  });
}

function readStop(texts: readonly JsonValue[] | undefined): readonly string[] | undefined {
  if (!texts) return undefined;
  const strings = texts.filter((text) => typeof text === "string");
  if (strings.length < texts.length) throw expected("stop_sequences", "an array of strings");
  return strings;
}

/**
 * Writes a request for an answer.
 *
 * @throws `invalid_request` with the path of what this dialect has no words for in `field`
 */
export function writeRequest(request: ChatRequest, options: WriteRequestOptions = {}): JsonObject {
  refuseSampling(request.sampling);
  const own = ownExtra(request.extra) ?? {};
  const { system, messages } = writeConversation(request.messages);
  const { toolChoice, parallelToolCalls, sampling, user, tools } = request;
  const hasTools = tools !== undefined && tools.length > 0;
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens ?? options.modelMaxOutputTokens ?? assumedOutputTokens,
    messages,
    ...own,
    ...writeOutput(request, own),
    ...defined({
      system,
      tools: tools?.map(writeTool),
      tool_choice: writeToolChoice({ toolChoice, parallelToolCalls, hasTools, left: leftOfChoice(own) }),
      temperature: unlessDefault(sampling.temperature),
      top_p: unlessDefault(sampling.topP),
      stop_sequences: sampling.stop,
      metadata: user === undefined ? undefined : { ...objectOf(own.metadata), user_id: user },
      stream: request.stream || undefined,
    }),
  };
}

function unlessDefault(value: number | undefined): number | undefined {
  return value === samplingDefault ? undefined : value;
}

/** What would change the answer and has no word here. */
function refuseSampling(sampling: Sampling): void {
  const { temperature = 0, choices = 1, topLogprobs, seed, presencePenalty, frequencyPenalty } = sampling;
  if (temperature > 1) throw cannotSay("sampling.temperature", "a temperature above 1");
  if (choices > 1) throw cannotSay("sampling.choices", "more than one answer");
  if (topLogprobs !== undefined) throw cannotSay("sampling.topLogprobs", "token probabilities");
  if (seed !== undefined) throw cannotSay("sampling.seed", "a seed");
  if (presencePenalty) throw cannotSay("sampling.presencePenalty", "a presence penalty");
  if (frequencyPenalty) throw cannotSay("sampling.frequencyPenalty", "a frequency penalty");
}

/** What a request to count tokens may have; the vendor refuses everything else. */
const countedMembers = new Set([
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "cache_control",
  "speed",
  "context_management",
  "mcp_servers",
]);

/**
 * Writes a request to count tokens.
 *
 * @throws `invalid_request` as {@link writeRequest} does
 */
export function writeCountTokensRequest(request: ChatRequest): JsonObject {
  return filter(writeRequest(request), (name) => countedMembers.has(name));
}
