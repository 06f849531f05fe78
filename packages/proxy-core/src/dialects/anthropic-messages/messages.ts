/**
 * The system prompt and the messages of a conversation.
 *
 * `system` becomes the first message of the shared vocabulary; every other message stands for itself. Results of
 * tools stay where they are, in a user's message.
 *
 * @module
 */

import type { ChatMessage, Content, JsonObject, JsonValue, MessageRole } from "@llmproxy/spec";
import { isArray, rest } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { expected, Fields } from "../fields.ts";
import { maxMessages } from "../limits.ts";
import { emptyContent, type PathOf, readContent, writeContent } from "./content.ts";
import { ownExtra, withOwn, withOwnIfAny } from "./extra.ts";

/**
 * Reads `system`, which becomes a message unless there is nothing in it.
 *
 * @throws `invalid_request` naming the member that is wrong
 */
export function readSystem(value: JsonValue | undefined): readonly ChatMessage[] {
  if (value === undefined || value === null) return [];
  const content = readContent(value, "system");
  if (!content) throw expected("system", "a string or an array of text blocks");
  return content.length === 0 ? [] : [{ role: "system", content }];
}

/**
 * Reads `messages`.
 *
 * @throws `invalid_request` naming the member that is wrong
 */
export function readMessages(value: JsonValue | undefined): readonly ChatMessage[] {
  if (!isArray(value) || value.length === 0) throw expected("messages", "a non-empty array");
  if (value.length > maxMessages) throw expected("messages", `at most ${maxMessages} messages`);
  return value.map((message, index) => readMessage(message, `messages[${index}]`));
}

const roles: readonly MessageRole[] = ["user", "assistant", "system"];
const members = new Set(["role", "content"]);

function readMessage(value: JsonValue, path: string): ChatMessage {
  const message = Fields.of(value, path);
  const name = message.requiredString("role");
  const role = roles.find((candidate) => candidate === name);
  if (!role) throw expected(message.path("role"), `one of ${roles.map((known) => `"${known}"`).join(", ")}`);
  const content = readContent(message.json.content, message.path("content"));
  if (!content) throw expected(message.path("content"), "a string or an array of content blocks");
  const own = { ...rest(message.json, members), ...emptyContent(message.json.content) };
  // The role kept tells this message from one that was `system`.
  return { role, content, ...(role === "system" ? withOwn({ ...own, role }) : withOwnIfAny(own)) };
}

/** The system prompt and the messages, as they are written. */
export interface WrittenConversation {
  readonly system: JsonValue | undefined;
  readonly messages: readonly JsonObject[];
}

/**
 * Writes a conversation. Instructions at its beginning are the system prompt, later ones stay in their place.
 * Tools' messages that follow one another are one user's message, as all results of a turn must be. A message of
 * which nothing is left is left out.
 *
 * @throws `invalid_request` for what this dialect has no words for
 */
export function writeConversation(messages: readonly ChatMessage[]): WrittenConversation {
  const first = messages.findIndex((message) => !isSystemPrompt(message));
  const count = first === -1 ? messages.length : first;
  const written: JsonObject[] = [];
  let results: JsonValue[] | undefined;
  for (const [index, message] of messages.entries()) {
    if (index < count) continue;
    const path = `messages[${index}]`;
    if (message.role !== "tool") {
      results = undefined;
      written.push(...writeMessage(message, path));
      continue;
    }
    if (!results) {
      results = [];
      written.push({ role: "user", content: results });
    }
    results.push(...writeResults(message, path));
  }
  return { system: writeSystem(messages.slice(0, count)), messages: written };
}

/** Whether the message belongs to `system`, if only such messages stand before it. */
export function isSystemPrompt({ role, extra }: ChatMessage): boolean {
  return (role === "system" || role === "developer") && ownExtra(extra)?.role === undefined;
}

function writeSystem(messages: readonly ChatMessage[]): JsonValue | undefined {
  const written = messages.map((message, index) => {
    const path = `messages[${index}]`;
    refuseName(message, path);
    return writeContent(message.content, pathIn(message, path));
  });
  if (written.length === 1) return written[0];
  const blocks = written.flatMap(blocksOf);
  return blocks.length === 0 ? undefined : blocks;
}

function blocksOf(content: JsonValue | undefined): readonly JsonValue[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return isArray(content) ? content : [];
}

function pathIn({ content }: ChatMessage, path: string): PathOf {
  return (item: Content) => `${path}.content[${content.indexOf(item)}]`;
}

/** Leaving the name out would make one of several participants. */
function refuseName({ name }: ChatMessage, path: string): void {
  if (name !== undefined) throw cannotSay(`${path}.name`, "a participant's name");
}

function writeResults(message: ChatMessage, path: string): readonly JsonValue[] {
  const content = writeContent(message.content, pathIn(message, path));
  if (!isArray(content) || message.content.some(({ type }) => type !== "tool-result"))
    throw expected(path, 'a tool result in a message of role "tool"');
  return content;
}

function writeMessage(message: ChatMessage, path: string): readonly JsonObject[] {
  refuseName(message, path);
  const own = ownExtra(message.extra);
  const content = writeContent(message.content, pathIn(message, path)) ?? own?.content;
  if (content === undefined && message.role === "assistant") return [];
  const role = message.role === "developer" ? "system" : message.role;
  return [{ ...own, role, content: content ?? "" }];
}
