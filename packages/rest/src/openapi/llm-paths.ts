/**
 * The LLM endpoints, whose shapes other people's clients dictate, as operations of the OpenAPI document.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";

const model = "gpt-4o-mini";
const question = { role: "user", content: "What is a proxy?" };
const answer = "A proxy passes requests on for somebody else.";
const modelExample = { id: model, object: "model", created: 1_769_860_800, owned_by: "openai" };

const chunkExample = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_769_860_800,
  model,
  choices: [{ index: 0, delta: { content: "A proxy " }, finish_reason: null }],
};

const chatExample = {
  ...chunkExample,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: answer }, finish_reason: "stop" }],
  usage: { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 },
};

const messageExample = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model,
  content: [{ type: "text", text: answer }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 12, output_tokens: 9 },
};

const openAi = { name: "OpenAI", description: "Models, in the shape of OpenAI's API." };
const anthropic = { name: "Anthropic", description: "Models, in the shape of Anthropic's API." };

const anthropicError: JsonObject = {
  description: "It did not work.",
  content: json("AnthropicError", {
    type: "error",
    error: { type: "not_found_error", message: "this did not work, for the reason told here" },
  }),
};

/** The tags of the endpoints. */
export const llmTags: readonly JsonObject[] = [openAi, anthropic];

/** The endpoints by path and method. */
export const llmPaths: Readonly<Record<string, JsonObject>> = {
  "/v1/chat/completions": {
    post: {
      operationId: "createChatCompletion",
      tags: [openAi.name],
      summary: "Continues a conversation",
      description:
        "Continues a conversation. With `stream` the answer is server-sent events, the last of them `[DONE]`.",
      requestBody: body("ChatCompletionRequest", { model, messages: [question], stream: false }),
      responses: {
        "200": {
          description: "The answer.",
          content: {
            ...json("ChatCompletion", chatExample),
            ...events("ChatCompletionChunk", `data: ${JSON.stringify(chunkExample)}\n\ndata: [DONE]\n\n`),
          },
        },
        default: openAiError("model_not_found"),
      },
    },
  },
  "/v1/messages": {
    post: {
      operationId: "createMessage",
      tags: [anthropic.name],
      summary: "Continues a conversation",
      description:
        "Continues a conversation. With `stream` the answer is server-sent events with Anthropic's names.",
      requestBody: body("MessagesRequest", { model, max_tokens: 256, messages: [question] }),
      responses: {
        "200": {
          description: "The answer.",
          content: {
            ...json("Message", messageExample),
            ...events(undefined, 'event: message_stop\ndata: {"type":"message_stop"}\n\n'),
          },
        },
        default: anthropicError,
      },
    },
  },
  "/v1/messages/count_tokens": {
    post: {
      operationId: "countTokens",
      tags: [anthropic.name],
      summary: "Counts the tokens of a conversation",
      description: "Counts the tokens of a conversation without asking the model.",
      requestBody: body("CountTokensRequest", { model, messages: [question] }),
      responses: {
        "200": {
          description: "How many there are.",
          content: json("CountTokensAnswer", { input_tokens: 12 }),
        },
        default: anthropicError,
      },
    },
  },
  "/v1/models": {
    get: {
      operationId: "listModels",
      tags: [openAi.name],
      summary: "Lists the models that can be asked for",
      description:
        "Lists the models that can be asked for; in the shape of Anthropic's API where `anthropic-version` is sent.",
      responses: {
        "200": {
          description: "The models.",
          content: json("ModelList", { object: "list", data: [modelExample] }),
        },
        default: openAiError("unauthenticated"),
      },
    },
  },
  "/v1/models/{model}": {
    get: {
      operationId: "getModel",
      tags: [openAi.name],
      summary: "Tells about one model",
      description: "Tells about one model. Its name may contain slashes.",
      parameters: [
        {
          name: "model",
          in: "path",
          required: true,
          description: "Its name.",
          schema: { type: "string" },
          example: model,
        },
      ],
      responses: {
        "200": { description: "The model.", content: json("Model", modelExample) },
        default: openAiError("model_not_found"),
      },
    },
  },
};

function body(name: string, example: JsonValue): JsonObject {
  return { required: true, content: json(name, example) };
}

function json(name: string, example: JsonValue): JsonObject {
  return { "application/json": { schema: reference(name), example } };
}

function events(name: string | undefined, example: string): JsonObject {
  const schema = { type: "string", description: "Server-sent events." };
  return { "text/event-stream": { schema, ...(name && { "x-event-schema": reference(name) }), example } };
}

function openAiError(code: string): JsonObject {
  const type = code === "unauthenticated" ? "authentication_error" : "not_found_error";
  const error = { message: "this did not work, for the reason told here", type, param: null, code };
  return { description: "It did not work.", content: json("OpenAiError", { error }) };
}

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
