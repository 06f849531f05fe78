/**
 * What a call used where the vendor does not tell.
 *
 * Four bytes of text count as one token: about right for English in the tokenizers of today, too much for other
 * alphabets. An answer that is cut or left has cost something all the same, and nothing would be further off.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type ChatRequest, type Content, noUsage, type Usage } from "@llmproxy/spec";

const bytesPerToken = 4;

/**
 * Estimates what an answer used.
 *
 * @param chat - the request; its messages and tools count, pictures and other media do not
 * @param outputBytes - how much of the answer has passed
 */
export function estimateUsage(chat: ChatRequest, outputBytes: number): Usage {
  return {
    ...noUsage,
    inputTokens: estimateInputTokens(chat),
    outputTokens: tokensOf(outputBytes),
    estimated: true,
  };
}

/**
 * Estimates how many tokens a request has.
 *
 * @param chat - the request; its messages and tools count, pictures and other media do not
 */
export function estimateInputTokens(chat: ChatRequest): number {
  return tokensOf(inputBytes(chat));
}

/** About how many tokens so many bytes of text are. */
export function tokensOf(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

function inputBytes({ messages, tools = [] }: ChatRequest): number {
  let bytes = 0;
  for (const { content } of messages) bytes += contentBytes(content);
  for (const { name, description = "", parameters = {} } of tools)
    bytes += Buffer.byteLength(name + description + JSON.stringify(parameters));
  return bytes;
}

function contentBytes(content: readonly Content[]): number {
  let bytes = 0;
  for (const item of content)
    bytes += item.type === "tool-result" ? contentBytes(item.content) : Buffer.byteLength(textOf(item));
  return bytes;
}

function textOf(content: Content): string {
  switch (content.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return content.text;
    case "tool-call":
      return content.name + content.arguments;
    default:
      return "";
  }
}
