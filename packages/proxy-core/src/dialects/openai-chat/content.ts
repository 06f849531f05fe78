/**
 * The content of messages: a string, or an array of parts.
 *
 * A text that was a string has no extra of this dialect; a text that was an element of an array has one. That
 * is how each is written back the way it came.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type {
  AudioContent,
  Content,
  FileContent,
  ImageContent,
  JsonObject,
  JsonValue,
  MediaSource,
} from "@llmproxy/spec";
import { defined, isArray, isObject, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { expected, Fields } from "../fields.ts";
import { dialectName, ownExtra, withOwn } from "./extra.ts";

/**
 * Reads a content that is a string or an array; undefined when it is neither.
 *
 * @throws `invalid_request` naming the part that is wrong; parts of a type unknown here are kept as they are
 */
export function readContent(value: JsonValue | undefined, path: string): readonly Content[] | undefined {
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (isArray(value)) return value.map((item, index) => readItem(item, `${path}[${index}]`));
  return undefined;
}

const readers: ReadonlyMap<string, (item: Fields) => Content> = new Map([
  ["text", readText],
  [
    "refusal",
    (item) => ({ type: "refusal", text: item.requiredString("refusal"), ...kept(item, "refusal") }),
  ],
  ["image_url", readImage],
  ["input_audio", readAudio],
  ["file", readFile],
]);

function readItem(value: JsonValue, path: string): Content {
  const item = Fields.of(value, path);
  return readers.get(item.requiredString("type"))?.(item) ?? opaque(item);
}

function opaque(item: Fields): Content {
  return { type: "opaque", dialect: dialectName, value: item.json };
}

/** Keeps what is left of an item, and of the object that has its name. */
function kept(item: Fields, member: string, inner?: JsonObject) {
  return withOwn({ ...rest(item.json, new Set(["type", member])), ...(inner ? { [member]: inner } : {}) });
}

/**
 * A mark of what may be cached is Anthropic's; clients of this dialect write it too, as gateways have taught them,
 * and Anthropic is to get it.
 */
function readText(item: Fields): Content {
  const { cache_control } = item.json;
  const { extra } = kept(item, "text");
  const marked = isObject(cache_control) ? { ...extra, "anthropic-messages": { cache_control } } : extra;
  return { type: "text", text: item.requiredString("text"), extra: marked };
}

const imageMembers = new Set(["url", "detail"]);

/** Some vendors take the address itself for `image_url`; that is kept as it is. */
function readImage(item: Fields): Content {
  if (typeof item.json.image_url === "string") return opaque(item);
  const image = item.requiredObject("image_url");
  return {
    type: "image",
    source: readUrl(image.requiredText("url")),
    ...defined({ detail: image.string("detail") }),
    ...kept(item, "image_url", unlessEmpty(rest(image.json, imageMembers))),
  };
}

const audioMembers = new Set(["data", "format"]);

function readAudio(item: Fields): Content {
  const audio = item.requiredObject("input_audio");
  return {
    type: "audio",
    source: { kind: "base64", data: audio.requiredString("data") },
    ...defined({ format: audio.string("format") }),
    ...kept(item, "input_audio", unlessEmpty(rest(audio.json, audioMembers))),
  };
}

const fileMembers = new Set(["filename"]);

function readFile(item: Fields): Content {
  const file = item.requiredObject("file");
  const fileId = file.string("file_id");
  const data = file.string("file_data");
  if (fileId === undefined && data === undefined)
    throw expected(item.path("file"), "file_id or file_data to be given");
  const source: MediaSource = fileId === undefined ? readFileData(data ?? "") : { kind: "file-id", fileId };
  const names = new Set([...fileMembers, fileId === undefined ? "file_data" : "file_id"]);
  return {
    type: "file",
    source,
    ...defined({ filename: file.string("filename") }),
    ...kept(item, "file", unlessEmpty(rest(file.json, names))),
  };
}

const dataUrl = /^data:([\w.+-]+\/[\w.+-]+);base64,/;
/** Longer than any media type; the rest of a data URL may be megabytes. */
const dataUrlHead = 128;

function readUrl(url: string): MediaSource {
  const [head, mediaType] = dataUrl.exec(url.slice(0, dataUrlHead)) ?? [];
  if (head === undefined || mediaType === undefined) return { kind: "url", url };
  return { kind: "base64", mediaType, data: url.slice(head.length) };
}

function readFileData(data: string): MediaSource {
  const source = readUrl(data);
  if (source.kind === "base64" || /^https?:/.test(data)) return source;
  return { kind: "base64", data };
}

/** Tells the path of a piece of content in the shared vocabulary, for errors. */
export type PathOf = (content: Content) => string;

/**
 * Writes content as a string where it is one text that was not an element of an array, else as an array.
 *
 * @throws `invalid_request` for what this dialect has no words for
 */
export function writeContent(content: readonly Content[], pathOf: PathOf): JsonValue | undefined {
  const [first, ...others] = content;
  if (first === undefined) return undefined;
  if (others.length === 0 && first.type === "text" && !ownExtra(first.extra)) return first.text;
  return content.map((item) => writeItem(item, pathOf));
}

function writeItem(item: Content, pathOf: PathOf): JsonValue {
  switch (item.type) {
    case "text":
      return { ...ownExtra(item.extra), type: "text", text: item.text };
    case "refusal":
      return { ...ownExtra(item.extra), type: "refusal", refusal: item.text };
    case "image":
      return writeImage(item, pathOf);
    case "audio":
      return writeAudio(item, pathOf);
    case "file":
      return isPlainText(item) ? writeText(item) : writeFile(item, pathOf);
    case "opaque":
      if (item.dialect === dialectName) return item.value;
      throw cannotSay(pathOf(item), `content of ${item.dialect}`);
    default:
      throw cannotSay(pathOf(item), `a ${item.type} in this place`);
  }
}

/** Members of `own[name]` with those of the vocabulary over them. */
function inside(own: JsonObject | undefined, name: string, members: object): JsonObject {
  const kept = own?.[name];
  return { ...own, [name]: { ...(typeof kept === "object" ? kept : {}), ...members } };
}

function writeImage(image: ImageContent, pathOf: PathOf): JsonObject {
  const { source, detail, extra } = image;
  if (source.kind === "file-id") throw cannotSay(pathOf(image), "a picture in a file store");
  const url = source.kind === "url" ? source.url : writeDataUrl(source.data, source.mediaType);
  return { ...inside(ownExtra(extra), "image_url", defined({ url, detail })), type: "image_url" };
}

function writeAudio(audio: AudioContent, pathOf: PathOf): JsonObject {
  const { source, format, extra } = audio;
  if (source.kind !== "base64") throw cannotSay(pathOf(audio), "audio that is not in the request itself");
  const members = defined({ data: source.data, format: format ?? audioFormat(source.mediaType) });
  return { ...inside(ownExtra(extra), "input_audio", members), type: "input_audio" };
}

/** `audio/mpeg` is `mp3` here; the other media types in use end in the format's name. */
function audioFormat(mediaType: string | undefined): string | undefined {
  const name = mediaType?.replace(/^audio\/(?:x-)?/, "");
  return name === "mpeg" ? "mp3" : name;
}

const plainText = "text/plain";

/** Whether a document of another dialect is plain text, which vendors take only as text. */
export function isPlainText(item: Content): item is FileContent & { source: { kind: "base64" } } {
  return (
    item.type === "file" &&
    item.source.kind === "base64" &&
    item.source.mediaType === plainText &&
    !ownExtra(item.extra)
  );
}

function writeText({ source, filename }: FileContent & { source: { kind: "base64" } }): JsonObject {
  const text = Buffer.from(source.data, "base64").toString("utf8");
  return { type: "text", text: filename ? `${filename}\n\n${text}` : text };
}

/** An id without any extra comes from code in this process, which knows whose it is. */
function writeFile(file: FileContent, pathOf: PathOf): JsonObject {
  const { source, filename, extra } = file;
  if (extra && !ownExtra(extra) && source.kind === "file-id")
    throw cannotSay(pathOf(file), "a file in the store of another vendor");
  if (!ownExtra(extra) && source.kind === "url") throw cannotSay(pathOf(file), "a document on the web");
  const members = defined({ ...writeFileSource(source), filename: filename ?? madeName(file) });
  return { ...inside(ownExtra(extra), "file", members), type: "file" };
}

/** OpenAI refuses a file without a name. */
function madeName({ source, extra }: FileContent): string | undefined {
  return !ownExtra(extra) && source.kind === "base64" ? "document.pdf" : undefined;
}

function writeFileSource(source: MediaSource): JsonObject {
  if (source.kind === "file-id") return { file_id: source.fileId };
  if (source.kind === "url") return { file_data: source.url };
  return { file_data: source.mediaType ? writeDataUrl(source.data, source.mediaType) : source.data };
}

function writeDataUrl(data: string, mediaType = "application/octet-stream"): string {
  return `data:${mediaType};base64,${data}`;
}
