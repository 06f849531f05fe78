/**
 * Chat requests as messages: what a client does, and the inverse of what the services do.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  ChatRole,
  type ChatSchema,
  type ContentSchema,
  type MediaSourceSchema,
  type ResponseFormatSchema,
  ToolChoiceMode,
  type ToolChoiceSchema,
} from "@llmproxy/proto";
import type { ChatRequest, Content, Extra, MediaSource, ResponseFormat, ToolChoice } from "@llmproxy/spec";
import { structMessage } from "../mapping/json.ts";

type ContentMessage = MessageInitShape<typeof ContentSchema>;

const roles = {
  system: ChatRole.SYSTEM,
  developer: ChatRole.DEVELOPER,
  user: ChatRole.USER,
  assistant: ChatRole.ASSISTANT,
  tool: ChatRole.TOOL,
};
const modes = {
  auto: ToolChoiceMode.AUTO,
  none: ToolChoiceMode.NONE,
  required: ToolChoiceMode.REQUIRED,
};

/** Writes a chat request. */
export function writeChat(request: ChatRequest): MessageInitShape<typeof ChatSchema> {
  const { messages, tools = [], toolChoice, sampling, responseFormat, extra, ...rest } = request;
  const { stream, includeUsage, ...plain } = rest;
  const { seed, stop = [], ...numbers } = sampling;
  return {
    ...plain,
    messages: messages.map(({ role, content, extra, ...others }) => ({
      ...others,
      role: roles[role],
      content: content.map(writeContent),
      extensions: writeExtra(extra),
    })),
    tools: tools.map(({ parameters, extra, ...others }) => ({
      ...others,
      ...(parameters && { parameters: structMessage(parameters) }),
      extensions: writeExtra(extra),
    })),
    ...(toolChoice && { toolChoice: writeToolChoice(toolChoice) }),
    sampling: { ...numbers, stop: [...stop], ...(seed !== undefined && { seed: BigInt(seed) }) },
    ...(responseFormat && { responseFormat: writeFormat(responseFormat) }),
    extensions: writeExtra(extra),
  };
}

function writeExtra(extra: Extra = {}) {
  return Object.fromEntries(
    Object.entries(extra).map(([dialect, members]) => [dialect, structMessage(members)]),
  );
}

function writeContent(content: Content): ContentMessage {
  if (content.type === "opaque") {
    const { dialect, value } = content;
    const json = structMessage({ value }).value ?? null;
    return { kind: { case: "opaque", value: { dialect, value: fromJson(ValueSchema, json) } } };
  }
  return { kind: writeKind(content), extensions: writeExtra(content.extra) };
}

function writeKind(content: Exclude<Content, { type: "opaque" }>): NonNullable<ContentMessage["kind"]> {
  const { extra, ...members } = content;
  switch (members.type) {
    case "text":
    case "refusal":
      return { case: members.type, value: members.text };
    case "reasoning": {
      const { type, ...value } = members;
      return { case: type, value };
    }
    case "tool-call": {
      const { type, ...value } = members;
      return { case: "toolCall", value };
    }
    case "tool-result": {
      const { type, content: inner, ...value } = members;
      return { case: "toolResult", value: { ...value, content: inner.map(writeContent) } };
    }
    case "image": {
      const { type, source, ...value } = members;
      return { case: type, value: { ...value, source: writeSource(source) } };
    }
    case "audio": {
      const { type, source, ...value } = members;
      return { case: type, value: { ...value, source: writeSource(source) } };
    }
    case "file": {
      const { type, source, ...value } = members;
      return { case: type, value: { ...value, source: writeSource(source) } };
    }
  }
}

function writeSource(source: MediaSource): MessageInitShape<typeof MediaSourceSchema> {
  if (source.kind === "url") return { location: { case: "url", value: source.url } };
  if (source.kind === "file-id") return { location: { case: "fileId", value: source.fileId } };
  const value = Buffer.from(source.data, "base64");
  return { location: { case: "data", value }, mediaType: source.mediaType ?? "" };
}

function writeToolChoice(choice: ToolChoice): MessageInitShape<typeof ToolChoiceSchema> {
  if (choice.type === "tool") return { kind: { case: "toolName", value: choice.name } };
  if (choice.type === "opaque") throw new TypeError("the message has no opaque choice");
  return { kind: { case: "mode", value: modes[choice.type] } };
}

function writeFormat(format: ResponseFormat): MessageInitShape<typeof ResponseFormatSchema> {
  if (format.type !== "json-schema") return { kind: { case: format.type, value: {} } };
  const { type, schema, ...others } = format;
  return { kind: { case: "jsonSchema", value: { ...others, schema: structMessage(schema) } } };
}
