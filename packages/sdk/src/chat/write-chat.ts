/**
 * What a model is asked, as a message.
 *
 * @module
 */

import type { MessageInitShape, JsonValue as ProtoValue } from "@bufbuild/protobuf";
import {
  type ChatMessageSchema,
  ChatRole,
  type ChatSchema,
  type ContentSchema,
  type MediaSourceSchema,
  ToolChoiceMode,
  type ToolSchema,
} from "@llmproxy/proto";
import type { JsonObject, JsonValue } from "../json.ts";
import type { ChatInput, ContentInput, MediaInput, MessageInput, ToolInput } from "./chat-input.ts";

type ChatInit = MessageInitShape<typeof ChatSchema>;
type MessageInit = MessageInitShape<typeof ChatMessageSchema>;
type ContentInit = MessageInitShape<typeof ContentSchema>;

/** Writes what a model is asked. What is wrong with it is the server's to say. */
export function writeChat(input: ChatInput): ChatInit {
  const { model = "", system, messages = [], user, tools = [], extensions = {} } = input;
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [writeMessage({ role: "system", content: system })]),
      ...messages.map(writeMessage),
      ...(user === undefined ? [] : [writeMessage({ role: "user", content: user })]),
    ],
    tools: tools.map(writeTool),
    sampling: writeSampling(input),
    ...writeSettings(input),
    extensions: Object.fromEntries(
      Object.entries(extensions).map(([dialect, members]) => [dialect, protoObject(members)]),
    ),
  };
}

const roles = {
  system: ChatRole.SYSTEM,
  developer: ChatRole.DEVELOPER,
  user: ChatRole.USER,
  assistant: ChatRole.ASSISTANT,
  tool: ChatRole.TOOL,
} as const;

function writeMessage(message: MessageInput): MessageInit {
  if ("$typeName" in message) return message;
  const { role, content, name } = message;
  return { role: roles[role], content: writeContents(content), ...(name !== undefined && { name }) };
}

function writeContents(content: string | readonly ContentInput[]): ContentInit[] {
  return typeof content === "string" ? [writeContent(content)] : content.map(writeContent);
}

function writeContent(content: ContentInput): ContentInit {
  if (typeof content === "string") return { kind: { case: "text", value: content } };
  if ("$typeName" in content) return content;
  switch (content.type) {
    case "text":
      return { kind: { case: "text", value: content.text } };
    case "image":
      return {
        kind: { case: "image", value: { source: writeSource(content), ...option(content, "detail") } },
      };
    case "audio":
      return {
        kind: { case: "audio", value: { source: writeSource(content), ...option(content, "format") } },
      };
    case "file":
      return {
        kind: { case: "file", value: { source: writeSource(content), ...option(content, "filename") } },
      };
    case "tool-result": {
      const { callId, content: inner } = content;
      const value = { callId, content: writeContents(inner), ...option(content, "isError") };
      return { kind: { case: "toolResult", value } };
    }
  }
}

/** One member of an object, or nothing where it is absent. */
function option<T extends object, Name extends keyof T>(
  object: T,
  name: Name,
): { [N in Name]?: NonNullable<T[N]> } {
  const value = object[name];
  const present: { [N in Name]?: NonNullable<T[N]> } = {};
  if (value !== undefined && value !== null) present[name] = value;
  return present;
}

function writeSource(media: MediaInput): MessageInitShape<typeof MediaSourceSchema> {
  if ("url" in media) return { location: { case: "url", value: media.url } };
  if ("fileId" in media) return { location: { case: "fileId", value: media.fileId } };
  return { location: { case: "data", value: new Uint8Array(media.data) }, ...option(media, "mediaType") };
}

function writeTool(tool: ToolInput): MessageInitShape<typeof ToolSchema> {
  const { name, parameters } = tool;
  return {
    name,
    ...option(tool, "description"),
    ...option(tool, "strict"),
    ...(parameters && { parameters: protoObject(parameters) }),
  };
}

function writeSampling(input: ChatInput): ChatInit["sampling"] {
  const { stop = [], seed } = input;
  return {
    ...option(input, "temperature"),
    ...option(input, "topP"),
    ...option(input, "presencePenalty"),
    ...option(input, "frequencyPenalty"),
    stop: [...stop],
    ...(seed !== undefined && { seed: BigInt(seed) }),
  };
}

const modes = {
  auto: ToolChoiceMode.AUTO,
  none: ToolChoiceMode.NONE,
  required: ToolChoiceMode.REQUIRED,
} as const;

function writeSettings(input: ChatInput): Omit<ChatInit, "$typeName"> {
  const { toolChoice, schema, schemaName = "answer", strict = true, endUser } = input;
  return {
    ...option(input, "parallelToolCalls"),
    ...option(input, "maxOutputTokens"),
    ...option(input, "reasoningEffort"),
    ...(endUser !== undefined && { user: endUser }),
    ...(toolChoice !== undefined && { toolChoice: { kind: writeChoice(toolChoice) } }),
    ...(schema && {
      responseFormat: {
        kind: { case: "jsonSchema", value: { name: schemaName, schema: protoObject(schema), strict } },
      },
    }),
  };
}

function writeChoice(choice: NonNullable<ChatInput["toolChoice"]>) {
  if (typeof choice === "string") return { case: "mode", value: modes[choice] } as const;
  return { case: "toolName", value: choice.name } as const;
}

/** A copy without members that are undefined, as a `google.protobuf.Struct` takes it. */
function protoObject(object: JsonObject): { [name: string]: ProtoValue } {
  const members = Object.entries(object).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, protoValue(value)] as const],
  );
  return Object.fromEntries(members);
}

function protoValue(value: JsonValue): ProtoValue {
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? value.map(protoValue) : protoObject(value);
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
