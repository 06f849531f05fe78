/**
 * Where pictures and documents are: inline, on the web, or in Anthropic's file store.
 *
 * @see `ImageBlockParam` and `DocumentBlockParam` of Anthropic's API reference
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import type { Extra, JsonObject, JsonValue, MediaSource } from "@llmproxy/spec";
import { objectOf, rest, textOf } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { ownExtra } from "./extra.ts";

/** A source, and what of its JSON has not become vocabulary. */
export interface ReadSource {
  readonly source: MediaSource;
  readonly left: JsonObject;
}

const members = {
  base64: new Set(["type", "data", "media_type"]),
  text: new Set(["type", "data", "media_type"]),
  url: new Set(["type", "url"]),
  file: new Set(["type", "file_id"]),
};

/** Reads a source; undefined for one only this dialect has, such as a list of blocks. */
export function readSource(value: JsonValue | undefined): ReadSource | undefined {
  const json = objectOf(value) ?? {};
  const { type, data, media_type: mediaType, url, file_id: fileId } = json;
  // Plain text has a type of its own, so that what is plain text here is always written as that.
  if (type === "base64" && typeof data === "string" && textOf(mediaType) && mediaType !== plainText)
    return {
      source: { kind: "base64", mediaType: String(mediaType), data },
      left: rest(json, members.base64),
    };
  // A text with half a surrogate pair has no bytes.
  if (type === "text" && typeof data === "string" && mediaType === plainText && data.isWellFormed())
    return {
      source: { kind: "base64", mediaType: plainText, data: Buffer.from(data).toString("base64") },
      left: rest(json, members.text),
    };
  if (type === "url" && typeof url === "string")
    return { source: { kind: "url", url }, left: rest(json, members.url) };
  if (type === "file" && typeof fileId === "string")
    return { source: { kind: "file-id", fileId }, left: rest(json, members.file) };
  return undefined;
}

const plainText = "text/plain";
/** `%PDF-` in base64, of which the last character also depends on what follows. */
const pdfStart = "JVBERi";

/** What is written, and where it stands. */
export interface WriteSourceOptions {
  readonly source: MediaSource;
  readonly extra: Extra | undefined;
  /** Tells the path of the content, for errors. */
  readonly path: () => string;
}

/**
 * Writes the source of a picture.
 *
 * @throws `invalid_request` for one without a media type, a URL that is not of the web, and a file another vendor has
 */
export function writeImageSource(options: WriteSourceOptions): JsonObject {
  const { source, extra, path } = options;
  if (source.kind !== "base64") return writeReference(source, options);
  const { mediaType, data } = source;
  if (!mediaType) throw cannotSay(path(), "a picture without a media type");
  // No registered name, but OpenAI takes it, and so it is in use.
  const isMisnamed = mediaType === "image/jpg" && !ownExtra(extra);
  return { type: "base64", media_type: isMisnamed ? "image/jpeg" : mediaType, data };
}

/**
 * Writes the source of a document: a PDF, or plain text.
 *
 * @throws `invalid_request` for other media types, a URL that is not of the web, and a file another vendor has
 */
export function writeDocumentSource(options: WriteSourceOptions): JsonObject {
  const { source, extra, path } = options;
  if (source.kind !== "base64") return writeReference(source, options);
  const mediaType = source.mediaType ?? (source.data.startsWith(pdfStart) ? "application/pdf" : undefined);
  if (mediaType === plainText)
    return { type: "text", media_type: plainText, data: decode(source.data, path) };
  if (mediaType !== "application/pdf" && !ownExtra(extra))
    throw cannotSay(path(), "a document that is neither a pdf (application/pdf) nor text (text/plain)");
  return { type: "base64", media_type: mediaType ?? "", data: source.data };
}

function writeReference(
  source: Exclude<MediaSource, { kind: "base64" }>,
  { extra, path }: WriteSourceOptions,
): JsonObject {
  if (source.kind === "url") {
    if (!ownExtra(extra) && !/^https?:/i.test(source.url)) throw cannotSay(path(), "a url that is not https");
    return { type: "url", url: source.url };
  }
  // Without any extra the id comes from code in this process, which knows whose it is.
  if (extra && !ownExtra(extra)) throw cannotSay(path(), "a file in the store of another vendor");
  return { type: "file", file_id: source.fileId };
}

function decode(data: string, path: () => string): string {
  const bytes = Buffer.from(data, "base64");
  if (!isUtf8(bytes)) throw cannotSay(path(), "text that is not utf-8");
  return bytes.toString("utf8");
}
