/**
 * Where something stands in the JSON a request was read from.
 *
 * @module
 */

import type { ChatMessage, ChatRequest, Content } from "@llmproxy/spec";
import { objectOf } from "../../json/value.ts";
import { isApart, wrappedCall } from "./apart.ts";
import { dialectName, ownExtra } from "./extra.ts";

/** A map, as a client may give its members any name. */
const members: ReadonlyMap<string, string> = new Map([
  ["toolChoice", "tool_choice"],
  ["parallelToolCalls", "parallel_tool_calls"],
  ["responseFormat", "response_format"],
  ["reasoningEffort", "reasoning_effort"],
  ["sampling.temperature", "temperature"],
  ["sampling.topP", "top_p"],
  ["sampling.presencePenalty", "presence_penalty"],
  ["sampling.frequencyPenalty", "frequency_penalty"],
  ["sampling.stop", "stop"],
  ["sampling.seed", "seed"],
  ["sampling.choices", "n"],
  ["sampling.topLogprobs", "logprobs"],
]);

const extraPart = `extra.${dialectName}.`;

/**
 * The path in the JSON this dialect read `request` from.
 *
 * @param field - a path in the shared vocabulary, e.g. `messages[1].content[0].arguments`
 */
export function locate(request: ChatRequest, field: string): string {
  const path = field.replace(extraPart, "");
  if (path === "maxOutputTokens") return limitName(request);
  const [, index, rest = ""] = /^messages\[(\d+)\](.*)$/s.exec(path) ?? [];
  const message = request.messages[Number(index)];
  if (index === undefined || !message) return members.get(path) ?? path;
  return `messages[${index}]${locateContent(message, rest)}`;
}

function limitName({ extra }: ChatRequest): string {
  const own = ownExtra(extra);
  const isLegacy = typeof own?.max_tokens === "number" && typeof own.max_completion_tokens !== "number";
  return isLegacy ? "max_tokens" : "max_completion_tokens";
}

function locateContent({ role, content }: ChatMessage, rest: string): string {
  const [, index, inner = ""] = /^\.content\[(\d+)\](.*)$/s.exec(rest) ?? [];
  const item = content[Number(index)];
  if (index === undefined || !item) return rest;
  const before = content.slice(0, Number(index));
  if (role === "tool") return item.type === "tool-result" ? locateIn(item.content, inner) : "";
  if (item.type === "tool-call" || wrappedCall(item)) return locateCall(before, inner);
  if (role === "assistant" && isApart(item)) return `.${apartName(item)}`;
  return locateIn(
    content.filter((other) => !isApart(other)),
    `.content[${countElements(before)}]${inner}`,
  );
}

/** A text that was a string is the whole content. */
function locateIn(content: readonly Content[], rest: string): string {
  const [first] = content;
  return first?.type === "text" && !ownExtra(first.extra) ? ".content" : rest;
}

function countElements(before: readonly Content[]): number {
  return before.filter((item) => !isApart(item)).length;
}

function locateCall(before: readonly Content[], inner: string): string {
  const place = before.filter((item) => item.type === "tool-call" || wrappedCall(item)).length;
  return `.tool_calls[${place}]${inner === ".arguments" ? ".function.arguments" : inner}`;
}

/** The member of an assistant's message that a piece of content has for itself. */
function apartName(item: Content): string {
  if (item.type !== "reasoning") return item.type;
  const member = objectOf(ownExtra(item.extra))?.member;
  return typeof member === "string" ? member : "reasoning_content";
}
