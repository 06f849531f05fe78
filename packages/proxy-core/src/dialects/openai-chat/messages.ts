/**
 * Reading the messages of a conversation.
 *
 * What an assistant's message says in several members (reasoning, text, refusal, audio, tool calls) is one list
 * of content in the shared vocabulary. A tool's message is a tool result.
 *
 * @module
 */

import type {
  ChatMessage,
  Content,
  JsonObject,
  JsonValue,
  MessageRole,
  ToolResultContent,
} from "@llmproxy/spec";
import { defined, filter, isArray, objectOf, rest, textOf } from "../../json/value.ts";
import { expected, Fields } from "../fields.ts";
import { maxMessages } from "../limits.ts";
import { readContent } from "./content.ts";
import { dialectName, withOwn, withOwnIfAny } from "./extra.ts";
import { reasoningMember } from "./reasoning.ts";
import { hasThoughts, placeThoughts } from "./reasoning-details.ts";
import { readToolCall } from "./tools.ts";

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

const readers: ReadonlyMap<string, (message: Fields) => ChatMessage> = new Map([
  ["system", (message) => readPlain(message, "system")],
  ["developer", (message) => readPlain(message, "developer")],
  ["user", (message) => readPlain(message, "user")],
  ["assistant", readAssistant],
  ["tool", readToolMessage],
  ["function", readFunctionMessage],
]);

const roles = [...readers.keys()].map((role) => `"${role}"`).join(", ");

function readMessage(value: JsonValue, path: string): ChatMessage {
  const message = Fields.of(value, path);
  const read = readers.get(message.requiredString("role"));
  if (!read) throw expected(message.path("role"), `one of ${roles}`);
  return read(message);
}

const plainMembers = new Set(["role", "content", "name"]);

function readPlain(message: Fields, role: MessageRole): ChatMessage {
  return {
    role,
    content: requiredContent(message),
    ...defined({ name: message.string("name") }),
    ...withOwnIfAny({ ...rest(message.json, plainMembers), ...emptyArray(message.json, "content") }),
  };
}

function requiredContent(message: Fields): readonly Content[] {
  const content = readContent(message.json.content, message.path("content"));
  if (!content) throw expected(message.path("content"), "a string or an array of content parts");
  return content;
}

/** An empty array becomes no vocabulary, so it stays as it is. */
function emptyArray(json: JsonObject, name: string): JsonObject {
  const value = json[name];
  return isArray(value) && value.length === 0 ? { [name]: value } : {};
}

const toolMembers = new Set([...plainMembers, "tool_call_id"]);

function readToolMessage(message: Fields): ChatMessage {
  const result: ToolResultContent = {
    type: "tool-result",
    callId: message.requiredString("tool_call_id"),
    content: requiredContent(message),
  };
  return {
    role: "tool",
    content: [result],
    ...defined({ name: message.string("name") }),
    ...withOwnIfAny({ ...rest(message.json, toolMembers), ...emptyArray(message.json, "content") }),
  };
}

/** The predecessor of a tool's message has no id to go by, so no other dialect could say it. */
function readFunctionMessage(message: Fields): ChatMessage {
  message.requiredString("name");
  return { role: "tool", content: [{ type: "opaque", dialect: dialectName, value: message.json }] };
}

function readAssistant(message: Fields): ChatMessage {
  const { json } = message;
  const said = [
    ...readAssistantContent(message),
    ...readRefusal(message),
    ...readAudio(json),
    ...readToolCalls(message),
  ];
  return {
    role: "assistant",
    // Signed thoughts say the same as the text beside them; the members themselves stay as they are.
    content: hasThoughts(json) ? placeThoughts(json, said) : [...readReasoning(message), ...said],
    ...defined({ name: message.string("name") }),
    ...withOwnIfAny(filter(json, (name, value) => !isSaid(name, value, json))),
  };
}

/** Whether a member of an assistant's message has become vocabulary. */
function isSaid(name: string, value: JsonValue | undefined, json: JsonObject): boolean {
  switch (name) {
    case "role":
      return true;
    case "name":
      return value !== null;
    case "content":
      return typeof value === "string" || (isArray(value) && value.length > 0);
    case "tool_calls":
      return isArray(value) && value.length > 0;
    case "audio":
      return typeof objectOf(value)?.id === "string";
    case "refusal":
      return textOf(value) !== undefined;
    case "reasoning_content":
    case "reasoning":
      return name === reasoningMember(json) && !hasThoughts(json);
    default:
      return false;
  }
}

function readReasoning({ json }: Fields): readonly Content[] {
  const member = reasoningMember(json);
  if (!member) return [];
  return [{ type: "reasoning", text: textOf(json[member]) ?? "", ...withOwn({ member }) }];
}

function readAssistantContent(message: Fields): readonly Content[] {
  const { content } = message.json;
  const read = readContent(content, message.path("content"));
  if (read || content === undefined || content === null) return read ?? [];
  throw expected(message.path("content"), "a string, an array of content parts or null");
}

function readRefusal(message: Fields): readonly Content[] {
  const text = message.string("refusal");
  return text ? [{ type: "refusal", text }] : [];
}

const audioMembers = new Set(["id"]);

function readAudio(json: JsonObject): readonly Content[] {
  const audio = objectOf(json.audio);
  if (typeof audio?.id !== "string") return [];
  return [
    { type: "audio", source: { kind: "file-id", fileId: audio.id }, ...withOwn(rest(audio, audioMembers)) },
  ];
}

/** Calls of other tools than functions are opaque, wrapped so that they are not taken for content parts. */
function readToolCalls(message: Fields): readonly Content[] {
  const calls = message.array("tool_calls") ?? [];
  return calls.map(
    (call, index) =>
      readToolCall(call, `${message.path("tool_calls")}[${index}]`) ?? {
        type: "opaque",
        dialect: dialectName,
        value: { tool_call: call },
      },
  );
}
