/**
 * Reads and writes server-sent events.
 *
 * @see WHATWG HTML §9.2.6 (interpreting an event stream)
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { type JsonObject, ProxyError } from "@llmproxy/spec";

/** One event. */
export interface SseEvent {
  /** Its `event` field; empty when it has none. */
  readonly event: string;
  /** Its `data` lines, joined by line feeds. */
  readonly data: string;
}

const byteOrderMark = "\uFEFF";

/**
 * Reads the events of whole frames. Comments, `id` and `retry` are skipped, and so are events without data and
 * whatever follows the last blank line.
 *
 * @throws `upstream_failed` when the bytes are not UTF-8
 */
export function readEvents(frames: Uint8Array): readonly SseEvent[] {
  if (!isUtf8(frames)) throw new ProxyError("upstream_failed", "the provider's answer is not utf-8 text");
  const text = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength).toString("utf8");
  const lines = (text.startsWith(byteOrderMark) ? text.slice(1) : text).split(
    text.includes("\r") ? /\r\n|\r|\n/ : "\n",
  );
  // What follows the last line end is not a line.
  lines.pop();
  return readLines(lines);
}

function readLines(lines: readonly string[]): readonly SseEvent[] {
  const events: SseEvent[] = [];
  let event = "";
  let data: string[] = [];
  for (const line of lines) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") });
      event = "";
      data = [];
    } else if (isField(line, "data")) data.push(fieldValue(line, "data"));
    else if (isField(line, "event")) event = fieldValue(line, "event");
  }
  return events;
}

function isField(line: string, name: string): boolean {
  return line.startsWith(name) && (line.length === name.length || line[name.length] === ":");
}

/** What follows the colon, without one leading space. */
function fieldValue(line: string, name: string): string {
  const start = name.length + 1;
  return line.slice(line[start] === " " ? start + 1 : start);
}

/** A frame with one `data` line; JSON never has a raw line end in it. */
export function dataFrame(json: JsonObject): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}
