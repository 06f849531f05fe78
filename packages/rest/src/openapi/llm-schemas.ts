/**
 * The messages of the LLM endpoints, in the shapes of OpenAI's and Anthropic's APIs, as far as it helps to call them. What is
 * not named here goes through as it is.
 *
 * @see https://platform.openai.com/docs/api-reference/chat
 * @see https://docs.anthropic.com/en/api/messages
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const content = {
  description: "A text, or a list of parts with a `type` each.",
  type: ["string", "array", "null"],
  items: { type: "object", properties: { type: text, text }, required: ["type"] },
};
const model = { type: "string", description: "The name of a model, an alias, or `<provider>/<model>`." };
const stream = { type: "boolean", description: "Whether to answer as server-sent events." };
const temperature = { type: "number", minimum: 0, maximum: 2 };
const list = (items: JsonObject): JsonObject => ({ type: "array", items });

const chatMessage = {
  type: "object",
  properties: {
    role: { type: "string", enum: ["system", "developer", "user", "assistant", "tool"] },
    content,
    name: text,
    tool_calls: list({ type: "object" }),
    tool_call_id: text,
  },
  required: ["role"],
};

const chatUsage = {
  type: "object",
  properties: { prompt_tokens: count, completion_tokens: count, total_tokens: count },
  required: ["prompt_tokens", "completion_tokens", "total_tokens"],
};

const chatChoice = (name: string): JsonObject => ({
  type: "object",
  properties: {
    index: count,
    [name]: { type: "object", properties: { role: text, content } },
    finish_reason: { type: ["string", "null"] },
  },
  required: ["index", name],
});

const anthropicMessage = {
  type: "object",
  properties: { role: { type: "string", enum: ["user", "assistant"] }, content },
  required: ["role", "content"],
};

const anthropicRequest = {
  model,
  messages: { type: "array", minItems: 1, items: anthropicMessage },
  system: { description: "Instructions: a text or a list of text parts.", type: ["string", "array"] },
  tools: list({ type: "object" }),
  tool_choice: { type: "object" },
  thinking: { type: "object" },
};

const modelEntry = {
  type: "object",
  properties: { id: text, object: { const: "model" }, created: count, owned_by: text },
  required: ["id", "object"],
};

/** Schemas by name. */
export const llmSchemas: Readonly<Record<string, JsonObject>> = {
  ChatCompletionRequest: {
    type: "object",
    description: "A conversation to be continued, in the shape of OpenAI's API.",
    properties: {
      model,
      messages: { type: "array", minItems: 1, items: chatMessage },
      stream,
      stream_options: { type: "object", properties: { include_usage: { type: "boolean" } } },
      temperature,
      top_p: { type: "number", minimum: 0, maximum: 1 },
      n: { type: "integer", minimum: 1 },
      max_tokens: count,
      max_completion_tokens: count,
      stop: { type: ["string", "array", "null"], items: text },
      seed: { type: "integer" },
      tools: list({ type: "object" }),
      tool_choice: { type: ["string", "object"] },
      response_format: { type: "object", properties: { type: text }, required: ["type"] },
      user: text,
    },
    required: ["messages"],
  },
  ChatCompletion: {
    type: "object",
    description: "The whole answer, in the shape of OpenAI's API.",
    properties: {
      id: text,
      object: { const: "chat.completion" },
      created: count,
      model: text,
      choices: list(chatChoice("message")),
      usage: chatUsage,
    },
    required: ["id", "object", "choices"],
  },
  ChatCompletionChunk: {
    type: "object",
    description: "A piece of a streamed answer, in the shape of OpenAI's API.",
    properties: {
      id: text,
      object: { const: "chat.completion.chunk" },
      created: count,
      model: text,
      choices: list(chatChoice("delta")),
      usage: { ...chatUsage, type: ["object", "null"] },
    },
    required: ["id", "object", "choices"],
  },
  MessagesRequest: {
    type: "object",
    description: "A conversation to be continued, in the shape of Anthropic's API.",
    properties: {
      ...anthropicRequest,
      max_tokens: { type: "integer", minimum: 1 },
      stream,
      temperature: { ...temperature, maximum: 1 },
      top_p: { type: "number", minimum: 0, maximum: 1 },
      top_k: count,
      stop_sequences: list(text),
      metadata: { type: "object" },
    },
    required: ["model", "messages", "max_tokens"],
  },
  Message: {
    type: "object",
    description: "The whole answer, in the shape of Anthropic's API.",
    properties: {
      id: text,
      type: { const: "message" },
      role: { const: "assistant" },
      model: text,
      content: list({ type: "object", properties: { type: text, text }, required: ["type"] }),
      stop_reason: { type: ["string", "null"] },
      stop_sequence: { type: ["string", "null"] },
      usage: {
        type: "object",
        properties: { input_tokens: count, output_tokens: count },
        required: ["input_tokens", "output_tokens"],
      },
    },
    required: ["id", "type", "role", "content", "usage"],
  },
  CountTokensRequest: {
    type: "object",
    description: "A conversation whose tokens are to be counted, in the shape of Anthropic's API.",
    properties: anthropicRequest,
    required: ["model", "messages"],
  },
  CountTokensAnswer: {
    type: "object",
    description: "How many tokens a conversation has.",
    properties: { input_tokens: count },
    required: ["input_tokens"],
  },
  Model: { ...modelEntry, description: "A model that can be asked for." },
  ModelList: {
    type: "object",
    description: "The models that can be asked for.",
    properties: { object: { const: "list" }, data: list(modelEntry) },
    required: ["object", "data"],
  },
};
