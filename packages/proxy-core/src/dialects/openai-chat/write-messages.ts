/**
 * Writing the messages of a conversation.
 *
 * Tools answer here in text alone, in messages right behind the calls. Pictures and documents among their results
 * go into a user's message behind those, named by the call they belong to.
 *
 * @module
 */

import type { ChatMessage, Content, Extra, JsonObject, JsonValue, ToolResultContent } from "@llmproxy/spec";
import { defined, isObject } from "../../json/value.ts";
import { expected } from "../fields.ts";
import { isApart, wrappedCall } from "./apart.ts";
import { isPlainText, type PathOf, writeContent } from "./content.ts";
import { dialectName, ownExtra } from "./extra.ts";
import { writeToolCall } from "./tools.ts";

/**
 * Writes `messages`. One message of the vocabulary becomes several where it has several tool results.
 *
 * @throws `invalid_request` for what this dialect has no words for
 */
export function writeMessages(messages: readonly ChatMessage[]): readonly JsonObject[] {
  const written: JsonObject[] = [];
  let shown: JsonValue[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    const { results, others } = split(message);
    for (const result of results) {
      written.push(writeToolMessage(result, message, path));
      shown.push(...writeShown(result, pathIn(message, path)));
    }
    if (results.length > 0 && others.length === 0) continue;
    if (shown.length > 0) written.push({ role: "user", content: shown });
    shown = [];
    written.push(writeOthers(message, others, path));
  }
  return shown.length > 0 ? [...written, { role: "user", content: shown }] : written;
}

interface SplitContent {
  readonly results: readonly ToolResultContent[];
  readonly others: readonly Content[];
}

function split({ content }: ChatMessage): SplitContent {
  return {
    results: content.filter((item) => item.type === "tool-result"),
    others: content.filter((item) => item.type !== "tool-result"),
  };
}

function pathIn({ content }: ChatMessage, path: string): PathOf {
  return (item) => `${path}.content[${content.indexOf(item)}]`;
}

function pathInside(result: ToolResultContent, pathOf: PathOf): PathOf {
  return (item) => `${pathOf(result)}.content[${result.content.indexOf(item)}]`;
}

/** What the message itself kept belongs to its only result. */
function writeToolMessage(result: ToolResultContent, message: ChatMessage, path: string): JsonObject {
  const isWhole = message.role === "tool" && message.content.length === 1;
  const own = isWhole ? ownExtra(message.extra) : undefined;
  const said = result.content.filter((item) => !isShownApart(item));
  const told = result.isError ? asError(said) : said;
  const content = writeContent(told, pathInside(result, pathIn(message, path))) ?? own?.content ?? "";
  return {
    ...own,
    ...(isWhole ? defined({ name: message.name }) : {}),
    ...ownExtra(result.extra),
    role: "tool",
    tool_call_id: result.callId,
    content,
  };
}

/** What a tool's message cannot have; what was read from this dialect stays where it was. */
function isShownApart(item: Content): boolean {
  const isMedia = item.type === "image" || item.type === "audio" || item.type === "file";
  return isMedia && !isPlainText(item) && !ownExtra(item.extra);
}

/** There is no other way here to say that a tool failed than in words. */
function asError(content: readonly Content[]): readonly Content[] {
  const [first, ...others] = content;
  if (first?.type !== "text") return [{ type: "text", text: "Error" }, ...content];
  return /^error\b/i.test(first.text) ? content : [{ type: "text", text: `Error: ${first.text}` }, ...others];
}

function writeShown(result: ToolResultContent, pathOf: PathOf): readonly JsonValue[] {
  const shown = result.content.filter(isShownApart);
  const written = writeContent(shown, pathInside(result, pathOf));
  if (!Array.isArray(written)) return [];
  return [{ type: "text", text: `From the result of tool call ${result.callId}:` }, ...written];
}

function writeOthers(message: ChatMessage, content: readonly Content[], path: string): JsonObject {
  const isResult = content.length < message.content.length;
  const role = isResult && message.role === "tool" ? "user" : message.role;
  const pathOf = pathIn(message, path);
  return role === "assistant"
    ? writeAssistant({ ...message, content }, pathOf)
    : writePlain({ ...message, role, content }, path, pathOf);
}

function writePlain(message: ChatMessage, path: string, pathOf: PathOf): JsonObject {
  const [first] = message.content;
  if (
    message.role === "tool" &&
    first?.type === "opaque" &&
    isObject(first.value) &&
    first.dialect === dialectName
  )
    return first.value;
  if (message.role === "tool") throw expected(path, 'a tool result in a message of role "tool"');
  const own = ownExtra(message.extra);
  const content = writeContent(message.content, pathOf) ?? (own?.content === undefined ? "" : undefined);
  return { role: message.role, ...own, ...defined({ content, name: message.name }) };
}

/** Reasoning of other dialects is left out: vendors of this one do not take it back. */
function writeAssistant(message: ChatMessage, pathOf: PathOf): JsonObject {
  const said = message.content.filter((content) => !isApart(content));
  const calls = writeToolCalls(message.content);
  const content = writeContent(said, pathOf) ?? (calls.tool_calls ? undefined : emptyContent(message));
  return {
    role: "assistant",
    ...ownExtra(message.extra),
    ...defined({ content, name: message.name }),
    ...Object.assign({}, ...message.content.map(writeMember)),
    ...calls,
  };
}

/** A message of which nothing is left must still say so; one of this dialect stays as it was. */
function emptyContent({ content, extra }: ChatMessage): string | undefined {
  const isLeftOut = content.length > 0 && content.every(isForeignReasoning);
  return isLeftOut || isForeign(extra) ? "" : undefined;
}

function isForeignReasoning(item: Content): boolean {
  return item.type === "reasoning" && !ownExtra(item.extra);
}

function isForeign(extra: Extra | undefined): boolean {
  return extra !== undefined && !ownExtra(extra);
}

function writeMember(content: Content): JsonObject {
  if (!isApart(content)) return {};
  if (content.type === "refusal") return { refusal: content.text };
  if (content.type === "audio" && content.source.kind === "file-id")
    return { audio: { ...ownExtra(content.extra), id: content.source.fileId } };
  if (content.type !== "reasoning") return {};
  const member = ownExtra(content.extra)?.member;
  return typeof member === "string" ? { [member]: content.text } : {};
}

function writeToolCalls(content: readonly Content[]): JsonObject {
  const calls = content.flatMap((item) => {
    const call = item.type === "tool-call" ? writeToolCall(item) : wrappedCall(item);
    return call ? [call] : [];
  });
  return calls.length === 0 ? {} : { tool_calls: calls };
}
