/**
 * Where something stands in the JSON a request was read from.
 *
 * @module
 */

import type { ChatMessage, ChatRequest, Content } from "@llmproxy/spec";
import { objectOf } from "../../json/value.ts";
import { dialectName, ownExtra } from "./extra.ts";
import { isSystemPrompt } from "./messages.ts";

/** A map, as a client may give its members any name. */
const members: ReadonlyMap<string, string> = new Map([
  ["maxOutputTokens", "max_tokens"],
  ["toolChoice", "tool_choice"],
  ["parallelToolCalls", "tool_choice.disable_parallel_tool_use"],
  ["reasoningEffort", "output_config.effort"],
  ["user", "metadata.user_id"],
  ["sampling.temperature", "temperature"],
  ["sampling.topP", "top_p"],
  ["sampling.stop", "stop_sequences"],
]);

const extraPart = `extra.${dialectName}.`;

/**
 * The path in the JSON this dialect read `request` from.
 *
 * @param field - a path in the shared vocabulary, e.g. `messages[1].content[0].arguments`
 */
export function locate(request: ChatRequest, field: string): string {
  const path = field.replace(extraPart, "");
  if (path === "responseFormat") return formatPath(request);
  const [, index, rest = ""] = /^messages\[(\d+)\](.*)$/s.exec(path) ?? [];
  const message = request.messages[Number(index)];
  if (index === undefined || !message) return members.get(path) ?? path;
  const [first] = request.messages;
  const hasSystem = first !== undefined && isSystemPrompt(first);
  const place = Number(index) - (hasSystem ? 1 : 0);
  return place < 0
    ? locateInSystem(message, rest)
    : `messages[${place}]${locateContent(message.content, rest)}`;
}

function formatPath({ extra }: ChatRequest): string {
  return objectOf(ownExtra(extra)?.output_format) ? "output_format" : "output_config.format";
}

function locateInSystem(message: ChatMessage, rest: string): string {
  return `system${locateContent(message.content, rest).replace(/^\.content/, "")}`;
}

/** Blocks stand where their content does; a text that was a string is the whole content. */
function locateContent(content: readonly Content[], rest: string): string {
  const [, index, inner = ""] = /^\.content\[(\d+)\](.*)$/s.exec(rest) ?? [];
  const item = content[Number(index)];
  if (index === undefined || !item) return rest;
  if (item.type === "text" && !ownExtra(item.extra)) return ".content";
  const block = `.content[${index}]`;
  if (item.type === "tool-call" && inner === ".arguments") return `${block}.input`;
  return item.type === "tool-result" ? `${block}${locateContent(item.content, inner)}` : `${block}${inner}`;
}
