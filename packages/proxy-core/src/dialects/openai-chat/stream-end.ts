/**
 * The frame that ends a complete stream: `data: [DONE]`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { StreamEnd } from "../dialect.ts";

/** The payload that says that everything has been said. */
export const done = "[DONE]";

/** What ends a complete stream. Some vendors leave it out. */
export const streamEnd: StreamEnd = { frame: `data: ${done}\n\n`, isRequired: false, find };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const byteOrderMark = Buffer.from("\uFEFF");
const field = Buffer.from("data:");
const value = Buffer.from(done);

function find(bytes: Uint8Array): number {
  const frames = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = frames.indexOf(value); at !== -1; at = frames.indexOf(value, at + value.length)) {
    const line = lineStart(frames, at);
    if (line !== -1 && isLineEnd(frames[skipBlanks(frames, at + value.length)]))
      return frameStart(frames, line);
  }
  return -1;
}

/** Where the line begins that has nothing but `data:` and blanks before `valueStart`; −1 if it has more. */
function lineStart(frames: Buffer, valueStart: number): number {
  let end = valueStart;
  while (end > 0 && isBlank(frames[end - 1])) end -= 1;
  const start = end - field.length;
  if (start < 0 || field.compare(frames, start, end) !== 0) return -1;
  return start === 0 || isLineEnd(frames[start - 1]) || hasOnlyMark(frames, start) ? start : -1;
}

/** Whether nothing but a byte order mark stands before `start`. */
function hasOnlyMark(frames: Buffer, start: number): boolean {
  return start === byteOrderMark.length && byteOrderMark.compare(frames, 0, start) === 0;
}

/** Where the frame of this line begins: there may be an event's name or an id in it, which go with it. */
function frameStart(frames: Buffer, line: number): number {
  let start = line;
  while (start > 0) {
    const end = start - lineEndLength(frames, start);
    let before = end;
    while (before > 0 && !isLineEnd(frames[before - 1])) before -= 1;
    if (before === end) return start;
    start = before;
  }
  return start;
}

/** How long the line end before `at` is. */
function lineEndLength(frames: Buffer, at: number): number {
  if (!isLineEnd(frames[at - 1])) return 0;
  return frames[at - 1] === lineFeed && frames[at - 2] === carriageReturn ? 2 : 1;
}

function skipBlanks(frames: Buffer, start: number): number {
  let at = start;
  while (isBlank(frames[at])) at += 1;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === lineFeed || byte === carriageReturn;
}
