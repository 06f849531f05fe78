/**
 * The event that ends a complete stream: `message_stop`.
 *
 * The frame is looked at closely only where the word stands in it, which happens once; that it may be part of
 * what a tool is told, or of what one has answered, is why it is looked at at all.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { isObject } from "../../json/value.ts";
import { readEvents } from "../../sse/events.ts";
import { createFrameFinder } from "../../sse/frame-finder.ts";
import type { StreamEnd } from "../dialect.ts";
import { eventFrame } from "./event-frame.ts";

/** The type of the event that says that everything has been said. */
export const messageStop = "message_stop";

/** What ends a complete stream; without it an answer has been cut. */
export const streamEnd: StreamEnd = {
  frame: eventFrame({ type: messageStop }),
  isRequired: true,
  find,
};

const word = Buffer.from(messageStop);

function find(bytes: Uint8Array): number {
  const frames = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = frames.indexOf(word);
  if (first === -1) return -1;
  const finder = createFrameFinder(frames.toString("latin1"));
  let at = first;
  while (at !== -1) {
    const { start, end } = finder.around(at);
    if (isEnd(frames.subarray(start, end))) return start;
    // A page that a tool has fetched may say the word a thousand times; its frame is read once.
    at = frames.indexOf(word, end);
  }
  return -1;
}

function isEnd(frame: Buffer): boolean {
  // The name alone is not enough: the payload after it may have been cut.
  return readEvents(frame).some(({ data }) => typeOf(data) === messageStop);
}

function typeOf(data: string): unknown {
  try {
    const payload: unknown = JSON.parse(data);
    return isObject(payload) ? payload.type : undefined;
  } catch {
    // Whoever reads the frame says what is wrong with it.
    return undefined;
  }
}
