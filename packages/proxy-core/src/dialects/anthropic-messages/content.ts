/**
 * The content of messages: a string, or an array of blocks.
 *
 * A text that was a string has no extra of this dialect; a text that was a block has one. That is how each is
 * written back the way it came. Blocks only this dialect has (search results, tools the vendor runs itself) are
 * opaque and kept whole.
 *
 * @module
 */

import type {
  Content,
  FileContent,
  ImageContent,
  JsonObject,
  JsonValue,
  ReasoningContent,
  ToolCallContent,
  ToolResultContent,
} from "@llmproxy/spec";
import { defined, isArray, isObject, objectOf, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { expected, Fields } from "../fields.ts";
import { dialectName, ownExtra, withOwn } from "./extra.ts";
import { readSource, writeDocumentSource, writeImageSource } from "./sources.ts";
import { wireId } from "./wire-id.ts";

/**
 * Reads a content that is a string or an array; undefined when it is neither. An empty string is no text.
 *
 * @throws `invalid_request` naming the block that is wrong; blocks of a type unknown here are kept as they are
 */
export function readContent(value: JsonValue | undefined, path: string): readonly Content[] | undefined {
  if (typeof value === "string") return value === "" ? [] : [{ type: "text", text: value }];
  if (isArray(value)) return value.map((item, index) => readBlock(item, `${path}[${index}]`));
  return undefined;
}

/** A content that becomes no vocabulary stays as it is. */
export function emptyContent(value: JsonValue | undefined): JsonObject {
  return value === "" || (isArray(value) && value.length === 0) ? { content: value } : {};
}

const readers: ReadonlyMap<string, (block: Fields) => Content> = new Map([
  ["text", readText],
  ["image", readImage],
  ["document", readDocument],
  ["tool_use", readToolUse],
  ["tool_result", readToolResult],
  ["thinking", readThinking],
  ["redacted_thinking", readRedactedThinking],
]);

function readBlock(value: JsonValue, path: string): Content {
  const block = Fields.of(value, path);
  return readers.get(block.requiredString("type"))?.(block) ?? opaque(block);
}

function opaque(block: Fields): Content {
  return { type: "opaque", dialect: dialectName, value: block.json };
}

/** Keeps what is left of a block, and of the object where its source is. */
function kept(block: Fields, names: ReadonlySet<string>, source?: JsonObject) {
  const left = source && unlessEmpty(source);
  return withOwn({ ...rest(block.json, names), ...(left ? { source: left } : {}) });
}

const textMembers = new Set(["type", "text"]);

function readText(block: Fields): Content {
  return { type: "text", text: block.requiredString("text"), ...kept(block, textMembers) };
}

const imageMembers = new Set(["type", "source"]);

function readImage(block: Fields): Content {
  const source = block.requiredObject("source").json;
  const read = source.type === "text" ? undefined : readSource(source);
  if (!read) return opaque(block);
  return { type: "image", source: read.source, ...kept(block, imageMembers, read.left) };
}

const documentMembers = new Set(["type", "source", "title"]);

function readDocument(block: Fields): Content {
  const read = readSource(block.requiredObject("source").json);
  if (!read) return opaque(block);
  return {
    type: "file",
    source: read.source,
    ...defined({ filename: block.string("title") }),
    ...kept(block, documentMembers, read.left),
  };
}

const toolUseMembers = new Set(["type", "id", "name", "input"]);

function readToolUse(block: Fields): Content {
  return {
    type: "tool-call",
    id: block.requiredString("id"),
    name: block.requiredString("name"),
    arguments: JSON.stringify(block.requiredObject("input").json),
    ...kept(block, toolUseMembers),
  };
}

const toolResultMembers = new Set(["type", "tool_use_id", "content", "is_error"]);

function readToolResult(block: Fields): Content {
  const { content: value } = block.json;
  const content = readContent(value ?? undefined, block.path("content"));
  if (!content && value !== undefined && value !== null)
    throw expected(block.path("content"), "a string or an array of content blocks");
  return {
    type: "tool-result",
    callId: block.requiredString("tool_use_id"),
    content: content ?? [],
    ...defined({ isError: block.boolean("is_error") }),
    ...withOwn({ ...rest(block.json, toolResultMembers), ...emptyContent(value) }),
  };
}

const thinkingMembers = new Set(["type", "thinking", "signature"]);

function readThinking(block: Fields): Content {
  return {
    type: "reasoning",
    text: block.requiredString("thinking"),
    ...defined({ signature: block.string("signature") }),
    ...kept(block, thinkingMembers),
  };
}

/** Thoughts only the vendor can read; they are kept whole. */
function readRedactedThinking(block: Fields): Content {
  return { type: "reasoning", text: "", ...withOwn(block.json) };
}

/** Tells the path of a piece of content, for errors. */
export type PathOf = (content: Content) => string;

/**
 * Writes content as a string where it is one text that was not a block, else as blocks; undefined where nothing
 * is left. Empty texts of other dialects are left out, as the vendor refuses them.
 *
 * @throws `invalid_request` for what this dialect has no words for
 */
export function writeContent(content: readonly Content[], pathOf: PathOf): JsonValue | undefined {
  const [first, ...others] = content;
  if (first?.type === "text" && others.length === 0 && !ownExtra(first.extra)) return first.text || undefined;
  const blocks = content.flatMap((item) => writeBlock(item, pathOf) ?? []);
  return blocks.length === 0 ? undefined : blocks;
}

function writeBlock(item: Content, pathOf: PathOf): JsonValue | undefined {
  switch (item.type) {
    case "text":
    case "refusal":
      return writeText(item);
    case "image":
      return writeImage(item, pathOf);
    case "file":
      return writeDocument(item, pathOf);
    case "tool-call":
      return writeToolUse(item, pathOf);
    case "tool-result":
      return writeToolResult(item, pathOf);
    case "reasoning":
      return writeReasoning(item);
    case "audio":
      throw cannotSay(pathOf(item), "audio");
    case "opaque":
      if (item.dialect === dialectName) return item.value;
      throw cannotSay(pathOf(item), `content of ${item.dialect}`);
  }
}

/** A refusal is what the model said in its turn; this dialect tells it from other text only in an answer. */
function writeText({ text, extra }: Extract<Content, { type: "text" | "refusal" }>): JsonObject | undefined {
  const own = ownExtra(extra);
  return text === "" && !own ? undefined : { ...own, type: "text", text };
}

/** Members of `own.source` with those of the vocabulary over them. */
function withSource(own: JsonObject | undefined, source: JsonObject): JsonObject {
  return { ...own, source: { ...objectOf(own?.source), ...source } };
}

/** How closely to look is advice on cost; it is left out. */
function writeImage(image: ImageContent, pathOf: PathOf): JsonObject {
  const { source, extra } = image;
  const written = writeImageSource({ source, extra, path: () => pathOf(image) });
  return { ...withSource(ownExtra(extra), written), type: "image" };
}

function writeDocument(file: FileContent, pathOf: PathOf): JsonObject {
  const { source, filename, extra } = file;
  const written = writeDocumentSource({ source, extra, path: () => pathOf(file) });
  return { ...withSource(ownExtra(extra), written), type: "document", ...defined({ title: filename }) };
}

function writeToolUse(call: ToolCallContent, pathOf: PathOf): JsonObject {
  const { id, name, extra } = call;
  const input = parseArguments(call.arguments, () => `${pathOf(call)}.arguments`);
  return { ...ownExtra(extra), type: "tool_use", id: wireId(id), name, input };
}

/** A model that calls a tool without arguments may write nothing at all. */
function parseArguments(text: string, path: () => string): JsonObject {
  if (text.trim() === "") return {};
  const input = parse(text);
  if (isObject(input)) return input;
  throw expected(path(), "the json text of an object");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is no object either.
    return undefined;
  }
}

function writeToolResult(result: ToolResultContent, pathOf: PathOf): JsonObject {
  const pathInside: PathOf = (item) => `${pathOf(result)}.content[${result.content.indexOf(item)}]`;
  return {
    ...ownExtra(result.extra),
    type: "tool_result",
    tool_use_id: wireId(result.callId),
    ...defined({ content: writeContent(result.content, pathInside), is_error: result.isError }),
  };
}

/**
 * The vendor takes only thoughts it has signed itself, so those of others are left out. Without any extra the
 * signature comes from code in this process, which knows whose it is.
 */
function writeReasoning({ text, signature, extra }: ReasoningContent): JsonObject | undefined {
  const own = ownExtra(extra);
  if (own?.type === "redacted_thinking") return own;
  if (!own && (extra || signature === undefined)) return undefined;
  return { ...own, type: "thinking", thinking: text, ...defined({ signature }) };
}
