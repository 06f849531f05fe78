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
 * Writes a conversation. Instructions at its beginning are the system prompt. Later ones stay in their turn, behind
 * what the user says in it: the vendor takes one such message there, and only there. Tools' messages that follow
 * one another are one user's message, as all results of a turn must be. A message of which nothing is left is left out.
 *
 * @see Claude documentation, "Mid-conversation system messages", limitations
 * @throws `invalid_request` for what this dialect has no words for
 */
export function writeConversation(messages: readonly ChatMessage[]): WrittenConversation {
  const first = messages.findIndex((message) => !isSystemPrompt(message));
  const count = first === -1 ? messages.length : first;
  const prompt = messages
    .slice(0, count)
    .map((message, index) => writeInstruction(message, `messages[${index}]`));
  const writer = new TurnWriter();
  for (const [index, message] of messages.entries())
    if (index >= count) writer.add(message, `messages[${index}]`);
  const written = writer.end();
  if (messages.length > 0 && written.length === 0)
    throw cannotSay("messages", "a conversation of instructions alone");
  return { system: joined(prompt), messages: written };
}

/** Whether the message belongs to `system`, if only such messages stand before it. */
export function isSystemPrompt({ role, extra }: ChatMessage): boolean {
  return (role === "system" || role === "developer") && ownExtra(extra)?.role === undefined;
}

/** Puts the messages of each turn in the order the vendor wants. */
class TurnWriter {
  readonly #written: JsonObject[] = [];
  /** The results of tools that follow one another. */
  #results: JsonValue[] | undefined;
  /** The instructions of this turn. */
  #instructions: (JsonValue | undefined)[] = [];
  /** Where the first of them stands. */
  #instructionPath = "";

  add(message: ChatMessage, path: string): void {
    if (message.role === "tool") this.#addResults(writeResults(message, path));
    else if (isSystemPrompt(message)) this.#addInstruction(message, path);
    else for (const written of writeMessage(message, path)) this.#addMessage(written);
  }

  /** All messages. */
  end(): readonly JsonObject[] {
    this.#endTurn();
    return this.#written;
  }

  #addResults(results: readonly JsonValue[]): void {
    if (!this.#results) {
      this.#results = [];
      this.#written.push({ role: "user", content: this.#results });
    }
    this.#results.push(...results);
  }

  #addInstruction(message: ChatMessage, path: string): void {
    if (this.#instructions.length === 0) this.#instructionPath = path;
    this.#instructions.push(writeInstruction(message, path));
  }

  #addMessage(message: JsonObject): void {
    if (message.role === "assistant") this.#endTurn();
    this.#results = undefined;
    this.#written.push(message);
  }

  #endTurn(): void {
    const content = joined(this.#instructions);
    this.#instructions = [];
    if (content === undefined) return;
    if (this.#written.at(-1)?.role !== "user")
      throw cannotSay(this.#instructionPath, "instructions in a turn in which the user says nothing");
    this.#written.push({ role: "system", content });
  }
}

function writeInstruction(message: ChatMessage, path: string): JsonValue | undefined {
  refuseName(message, path);
  return writeContent(message.content, pathIn(message, path));
}

/** Several contents as one. */
function joined(contents: readonly (JsonValue | undefined)[]): JsonValue | undefined {
  const said = contents.filter((content) => content !== undefined);
  return said.length > 1 ? said.flatMap(blocksOf) : said[0];
}

function blocksOf(content: JsonValue): readonly JsonValue[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return isArray(content) ? content : [];
}

function pathIn({ content }: ChatMessage, path: string): PathOf {
  return (item: Content) => `${path}.content[${content.indexOf(item)}]`;
}

/** Leaving the name out would make one of several participants. */
function refuseName({ name }: ChatMessage, path: string): void {
  if (name) throw cannotSay(`${path}.name`, "a participant's name");
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
