/**
 * The pieces of a message.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Content as ContentMessage, MediaSource as SourceMessage } from "@llmproxy/proto";
import type { Content, MediaSource, OpaqueContent } from "@llmproxy/spec";
import { defined, expected, presentText, requiredText } from "./expected.ts";
import { readDialect, readExtensions } from "./extensions.ts";
import { readValue } from "./json.ts";

/**
 * Reads what is said.
 *
 * @param field - where it stands, e.g. `chat.messages[0].content`
 * @throws `invalid_request` naming the field that is wrong
 */
export function readContents(contents: readonly ContentMessage[], field: string): readonly Content[] {
  return contents.map((content, index) => readContent(content, `${field}[${index}]`));
}

function readContent(content: ContentMessage, field: string): Content {
  const { kind, extensions } = content;
  if (kind.case === "opaque") return readOpaque(content, field);
  const extra = readExtensions(extensions, `${field}.extensions`, "content");
  return { ...readKind(kind, field), ...(extra && { extra }) };
}

type Kind = Exclude<ContentMessage["kind"], { case: "opaque" }>;

function readKind(kind: Kind, field: string): Exclude<Content, OpaqueContent> {
  switch (kind.case) {
    case "text":
      return { type: "text", text: kind.value };
    case "refusal":
      return { type: "refusal", text: kind.value };
    case "reasoning":
      return { type: "reasoning", ...defined({ text: kind.value.text, signature: kind.value.signature }) };
    case "toolCall":
      return readToolCall(kind.value, `${field}.tool_call`);
    case "toolResult":
      return readToolResult(kind.value, `${field}.tool_result`);
    case undefined:
      throw expected(field, "one of the kinds of content");
    default:
      return readMedia(kind, field);
  }
}

type Valued<Case extends Kind["case"]> = Extract<Kind, { case: Case }>;

function readMedia(kind: Valued<"image" | "audio" | "file">, field: string) {
  const source = readSource(kind.value.source, `${field}.${kind.case}.source`);
  if (kind.case === "image")
    return { type: "image", source, ...defined({ detail: kind.value.detail }) } as const;
  if (kind.case === "audio")
    return { type: "audio", source, ...defined({ format: kind.value.format }) } as const;
  return { type: "file", source, ...defined({ filename: kind.value.filename }) } as const;
}

function readToolCall({ id, name, arguments: text }: Valued<"toolCall">["value"], field: string) {
  const call = { id: requiredText(id, `${field}.id`), name: requiredText(name, `${field}.name`) };
  return { type: "tool-call", ...call, arguments: text } as const;
}

function readToolResult({ callId, content, isError }: Valued<"toolResult">["value"], field: string) {
  return {
    type: "tool-result",
    callId: requiredText(callId, `${field}.call_id`),
    content: readContents(content, `${field}.content`),
    ...defined({ isError }),
  } as const;
}

function readOpaque({ kind, extensions }: ContentMessage, field: string): OpaqueContent {
  if (kind.case !== "opaque") throw expected(field, "opaque content");
  if (Object.keys(extensions).length > 0)
    throw expected(`${field}.extensions`, "none beside opaque content, which is already one vendor's");
  const dialect = readDialect(kind.value.dialect, `${field}.opaque.dialect`);
  return { type: "opaque", dialect, value: readValue(kind.value.value, `${field}.opaque.value`) };
}

function readSource(source: SourceMessage | undefined, field: string): MediaSource {
  const { location } = source ?? {};
  switch (location?.case) {
    case "data": {
      const { buffer, byteOffset, byteLength } = location.value;
      if (byteLength === 0) throw expected(`${field}.data`, "at least one byte");
      const data = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
      return { kind: "base64", data, ...defined({ mediaType: presentText(source?.mediaType ?? "") }) };
    }
    case "url":
      return { kind: "url", url: requiredText(location.value, `${field}.url`) };
    case "fileId":
      return { kind: "file-id", fileId: requiredText(location.value, `${field}.file_id`) };
    default:
      throw expected(field, "data, url or file_id");
  }
}
