/**
 * Requests: `POST /chat/completions`.
 *
 * Read strictly where something depends on it and leniently elsewhere: members and values a compatible vendor
 * may know and this file does not are kept, and judged by the vendor.
 *
 * @see OpenAI API reference, "Create chat completion"
 * @module
 */

import { createHash } from "node:crypto";
import type { ChatRequest, JsonObject, JsonValue, ResponseFormat, Sampling } from "@llmproxy/spec";
import { defined, isArray, isObject, objectOf, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import type { WriteRequestOptions } from "../dialect.ts";
import { expected, Fields } from "../fields.ts";
import { outputTokenRange, readModelName } from "../limits.ts";
import { ownExtra, withOwnIfAny } from "./extra.ts";
import { readMessages } from "./messages.ts";
import { readTool, readToolChoice, writeTool, writeToolChoice } from "./tools.ts";
import { writeMessages } from "./write-messages.ts";

/** The most answers to one request; OpenAI's own bound. */
const maxChoices = 128;
/** OpenAI's own bound on the name of an end user. */
const maxUserLength = 64;

/** Members that become vocabulary whenever they are not null. */
const plainMembers = new Set([
  "model",
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "n",
  "reasoning_effort",
  "user",
]);

/**
 * Reads a request.
 *
 * @throws `invalid_request` with the path of the member in `field`
 */
export function readRequest(json: JsonObject): ChatRequest {
  const request = new Fields(json, "");
  const model = readModelName(request);
  const messages = readMessages(json.messages);
  const responseFormat = readResponseFormat(json.response_format);
  return {
    model,
    messages,
    ...defined({
      tools: unlessNone(request.array("tools"))?.map((tool, index) => readTool(tool, `tools[${index}]`)),
      toolChoice: readToolChoice(json.tool_choice),
      parallelToolCalls: request.boolean("parallel_tool_calls"),
      maxOutputTokens: readMaxOutputTokens(request),
      responseFormat,
      reasoningEffort: request.string("reasoning_effort"),
      user: request.string("user"),
    }),
    sampling: readSampling(request),
    stream: request.boolean("stream") ?? false,
    includeUsage: request.object("stream_options")?.boolean("include_usage") ?? false,
    ...withOwnIfAny({ ...rest(json, readMembers(json)), ...partlyRead(json, responseFormat) }),
  };
}

/** An empty list becomes no vocabulary, so it stays as it is; vendors of this dialect refuse it from others. */
function unlessNone<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items && items.length > 0 ? items : undefined;
}

/** The names of the members that have become vocabulary as a whole. */
function readMembers(json: JsonObject): ReadonlySet<string> {
  const names = new Set([...plainMembers, "stream_options", "response_format"]);
  if (isArray(json.tools) && json.tools.length === 0) names.delete("tools");
  if (json.stream === true) names.add("stream");
  if (json.logprobs === true) {
    names.add("logprobs");
    if (json.top_logprobs !== 0) names.add("top_logprobs");
  }
  if (isArray(json.stop) && json.stop.length > 0) names.add("stop");
  // Of the two names for one thing the writer uses the one that stands in `extra`.
  if (typeof json.max_tokens !== "number") names.add("max_completion_tokens");
  return names;
}

/** What is left of the members that have become vocabulary in part. */
function partlyRead(json: JsonObject, responseFormat: ResponseFormat | undefined): JsonObject {
  const { include_usage, ...options } = objectOf(json.stream_options) ?? {};
  const isWhole = include_usage === true && !unlessEmpty(options);
  const streamOptions = include_usage === true ? options : json.stream_options;
  return defined({
    stream_options: isWhole ? undefined : streamOptions,
    response_format: responseFormat ? formatRest(json.response_format) : json.response_format,
  });
}

function readMaxOutputTokens(request: Fields): number | undefined {
  const legacy = request.integer("max_tokens", outputTokenRange);
  return request.integer("max_completion_tokens", outputTokenRange) ?? legacy;
}

function readSampling(request: Fields): Sampling {
  const alternatives = request.integer("top_logprobs", { min: 0 });
  return defined({
    temperature: request.number("temperature"),
    topP: request.number("top_p"),
    presencePenalty: request.number("presence_penalty"),
    frequencyPenalty: request.number("frequency_penalty"),
    stop: readStop(request.json.stop),
    seed: request.integer("seed"),
    choices: request.integer("n", { min: 1, max: maxChoices }),
    topLogprobs: request.boolean("logprobs") ? (alternatives ?? 0) : undefined,
  });
}

function readStop(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const texts = isArray(value) ? value : [value];
  return unlessNone(texts)?.map((text) => {
    if (typeof text === "string") return text;
    throw expected("stop", "a string or an array of strings");
  });
}

/** Reads the formats the vocabulary has; another one (a grammar, a schema without a name) stays in `extra`. */
function readResponseFormat(value: JsonValue | undefined): ResponseFormat | undefined {
  if (value === undefined || value === null) return undefined;
  const format = Fields.of(value, "response_format");
  const type = format.requiredString("type");
  if (type === "text") return { type };
  if (type === "json_object") return { type: "json" };
  const described = type === "json_schema" ? objectOf(format.json.json_schema) : undefined;
  const schema = objectOf(described?.schema);
  if (!described || !schema || typeof described.name !== "string") return undefined;
  const inner = format.requiredObject("json_schema");
  return {
    type: "json-schema",
    name: described.name,
    schema,
    ...defined({ description: inner.string("description"), strict: inner.boolean("strict") }),
  };
}

const formatMembers = new Set(["type", "json_schema"]);
const schemaMembers = new Set(["name", "schema", "description", "strict"]);

function formatRest(value: JsonValue | undefined): JsonObject | undefined {
  const format = objectOf(value) ?? {};
  const isSchema = format.type === "json_schema";
  const inner = isSchema ? unlessEmpty(rest(objectOf(format.json_schema) ?? {}, schemaMembers)) : undefined;
  const outer = rest(format, isSchema ? formatMembers : new Set(["type"]));
  return unlessEmpty({ ...outer, ...(inner ? { json_schema: inner } : {}) });
}

/**
 * Writes a request.
 *
 * @throws `invalid_request` with the path of what this dialect has no words for in `field`
 */
export function writeRequest(request: ChatRequest, options: WriteRequestOptions = {}): JsonObject {
  const own = ownExtra(request.extra) ?? {};
  const { toolChoice, responseFormat } = request;
  const messages = writeMessages(request.messages);
  return {
    model: request.model,
    messages: options.useOldForms ? messages.map(withTextAsString) : messages,
    ...own,
    ...defined({
      tools: unlessNone(request.tools)?.map(writeTool),
      tool_choice: toolChoice && writeToolChoice(toolChoice),
      parallel_tool_calls: request.parallelToolCalls,
      response_format: responseFormat && writeResponseFormat(responseFormat, objectOf(own.response_format)),
      reasoning_effort: request.reasoningEffort,
      user: request.user && writeUser(request.user),
      stream: request.stream || undefined,
      stream_options: request.includeUsage
        ? { ...objectOf(own.stream_options), include_usage: true }
        : undefined,
    }),
    ...writeMaxOutputTokens(request.maxOutputTokens, own, options),
    ...writeSampling(request.sampling, own),
  };
}

/** Several texts become paragraphs of one. */
function withTextAsString(message: JsonObject): JsonObject {
  const { content } = message;
  if (!isArray(content)) return message;
  const texts = content.map((part) => (isObject(part) && part.type === "text" ? part.text : undefined));
  return texts.every((text) => typeof text === "string")
    ? { ...message, content: texts.join("\n\n") }
    : message;
}

/** A name that is too long is written as its digest: it is only compared with itself. */
function writeUser(user: string): string {
  return user.length <= maxUserLength ? user : createHash("sha256").update(user).digest("hex");
}

/** `max_completion_tokens`, unless the client used the older name alone, or named none and the vendor wants it. */
function writeMaxOutputTokens(
  limit: number | undefined,
  own: JsonObject,
  { useOldForms = false }: WriteRequestOptions,
): JsonObject {
  if (limit === undefined) return {};
  if (limit === 0) throw cannotSay("maxOutputTokens", "an answer of no tokens");
  if (typeof own.max_completion_tokens === "number") return { max_completion_tokens: limit };
  return useOldForms || typeof own.max_tokens === "number"
    ? { max_tokens: limit }
    : { max_completion_tokens: limit };
}

function writeSampling(sampling: Sampling, own: JsonObject): JsonObject {
  const { stop, topLogprobs } = sampling;
  const isSingle = stop?.length === 1 && own.stop === stop[0];
  return defined({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    stop: isSingle ? own.stop : unlessNone(stop),
    seed: sampling.seed,
    n: sampling.choices,
    logprobs: topLogprobs === undefined ? undefined : true,
    top_logprobs: topLogprobs || undefined,
  });
}

function writeResponseFormat(format: ResponseFormat, own: JsonObject | undefined): JsonObject {
  if (format.type !== "json-schema")
    return { ...own, type: format.type === "json" ? "json_object" : format.type };
  const { name, schema, description, strict } = format;
  return {
    ...own,
    type: "json_schema",
    json_schema: { ...objectOf(own?.json_schema), name, schema, ...defined({ description, strict }) },
  };
}
