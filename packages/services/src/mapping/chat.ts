/**
 * Conversations as chat requests.
 *
 * @module
 */

import { type Chat, ChatRole, type ChatMessage as MessageMessage } from "@llmproxy/proto";
import type { ChatMessage, ChatRequest, MessageRole } from "@llmproxy/spec";
import { readContents } from "./chat-content.ts";
import { readInteger, readResponseFormat, readSampling, readToolChoice, readTools } from "./chat-settings.ts";
import { defined, expected } from "./expected.ts";
import { readExtensions } from "./extensions.ts";

/** The most turns of one conversation. */
const maxMessages = 10_000;
/** Longer than any vendor's names, also those that are paths or resource identifiers. */
const maxModelLength = 256;
/** More than any model writes; what is beyond it is a mistake, and a budget would have to reserve it. */
const maxOutputTokens = 10_000_000;

/**
 * Reads a conversation.
 *
 * @param chat - the message's field `chat`
 * @param model - the model to ask; it has been decided who
 * @param stream - whether the answer is wanted as a stream
 * @throws `invalid_request` with the path of what is wrong as the proto spells it, e.g. `chat.messages[2].role`
 */
export function readChat(chat: Chat, model: string, stream: boolean): ChatRequest {
  if (model.length > maxModelLength) throw expected("chat.model", `at most ${maxModelLength} characters`);
  return {
    model,
    messages: readMessages(chat.messages),
    ...defined({
      tools: readTools(chat.tools, "chat.tools"),
      toolChoice: readToolChoice(chat.toolChoice, "chat.tool_choice"),
      parallelToolCalls: chat.parallelToolCalls,
      maxOutputTokens: readInteger(chat.maxOutputTokens, "chat.max_output_tokens", {
        min: 1,
        max: maxOutputTokens,
      }),
      responseFormat: readResponseFormat(chat.responseFormat, "chat.response_format"),
      reasoningEffort: chat.reasoningEffort,
      user: chat.user,
      extra: readExtensions(chat.extensions, "chat.extensions", "chat"),
    }),
    sampling: readSampling(chat.sampling, "chat.sampling"),
    stream,
    includeUsage: true,
  };
}

function readMessages(messages: readonly MessageMessage[]): readonly ChatMessage[] {
  const field = "chat.messages";
  if (messages.length === 0) throw expected(field, "at least one message");
  if (messages.length > maxMessages) throw expected(field, `at most ${maxMessages} messages`);
  return messages.map((message, index) => readMessage(message, `${field}[${index}]`));
}

/** The roles by number. */
const roles: Readonly<Record<number, MessageRole>> = {
  [ChatRole.SYSTEM]: "system",
  [ChatRole.DEVELOPER]: "developer",
  [ChatRole.USER]: "user",
  [ChatRole.ASSISTANT]: "assistant",
  [ChatRole.TOOL]: "tool",
};

function readMessage(message: MessageMessage, field: string): ChatMessage {
  const role = roles[message.role];
  if (!role) throw expected(`${field}.role`, "one of the roles");
  return {
    role,
    content: readContents(message.content, `${field}.content`),
    ...defined({
      name: message.name,
      extra: readExtensions(message.extensions, `${field}.extensions`, "message"),
    }),
  };
}
