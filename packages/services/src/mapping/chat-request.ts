/**
 * Prompts in fragments as chat requests.
 *
 * @module
 */

import type { ExecuteRequest } from "@llmproxy/proto";
import { type ChatMessage, type ChatRequest, type MessageRole, ProxyError } from "@llmproxy/spec";
import { readResponseSchema } from "./response-schema.ts";

/**
 * Reads a prompt: system fragments become one system message, user fragments one user message, each joined by
 * blank lines.
 *
 * @param model - the model to ask; it has been decided who
 * @param stream - whether the answer is wanted as a stream
 * @throws `invalid_request` (field `user_fragments`) when there is no fragment at all
 * @throws `invalid_request` (field `response_model_schema`) for what is not the text of a JSON object
 */
export function readChatRequest(message: ExecuteRequest, model: string, stream: boolean): ChatRequest {
  const messages = [...joined("system", message.systemFragments), ...joined("user", message.userFragments)];
  if (messages.length === 0)
    throw new ProxyError("invalid_request", "user_fragments: expected at least one fragment", {
      field: "user_fragments",
    });
  const schema = message.responseModelSchema;
  return {
    model,
    messages,
    sampling: {},
    ...(schema && {
      responseFormat: { type: "json-schema", name: "response", schema: readResponseSchema(schema) },
    }),
    stream,
    includeUsage: true,
  };
}

function joined(role: MessageRole, fragments: readonly string[]): readonly ChatMessage[] {
  return fragments.length === 0 ? [] : [{ role, content: [{ type: "text", text: fragments.join("\n\n") }] }];
}
