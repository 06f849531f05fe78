/**
 * Looks at relayed frames without parsing them: of a chunk's JSON only a search for a few member names is made,
 * and only a frame that has something to tell is parsed.
 *
 * Inside JSON strings a quote is always escaped, so `"usage":` cannot stand in an answer's text.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type JsonObject, ProxyError } from "@llmproxy/spec";
import { isArray, isObject, textOf } from "../../json/value.ts";
import { readEvents } from "../../sse/events.ts";
import { frameEnd } from "../../sse/split.ts";
import type { FrameObserver, Observation } from "../dialect.ts";
import { readFinishReason } from "./finish-reason.ts";
import { readChunk } from "./stream.ts";
import { readUsage } from "./usage.ts";

const usageName = Buffer.from('"usage"');
const finishName = Buffer.from('"finish_reason"');
const errorName = Buffer.from('"error"');
const deltaName = Buffer.from('"delta"');
const eventField = Buffer.from("\nevent:");
const done = Buffer.from("[DONE]");

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const colon = 0x3a;
const closeBracket = 0x5d;
const letterE = 0x65;
const letterN = 0x6e;

/** How an observer works. */
export interface FrameObserverOptions {
  /** Leave out the usage-only chunk, because only we asked for it. */
  readonly dropUsage: boolean;
}

/**
 * Makes an observer for one stream.
 *
 * Output begins with the first chunk that has a delta, even if that only tells the role: the model is at work
 * then. A frame that reports an error, and what follows it, is left out: it may hold our credentials, and the
 * edge writes `observation.error` in its place. `[DONE]` without a finish reason counts as one that is `other`.
 */
export function createFrameObserver({ dropUsage }: FrameObserverOptions): FrameObserver {
  return new Observer(dropUsage);
}

class Observer implements FrameObserver {
  readonly observation: Observation = {
    usage: undefined,
    finishReason: undefined,
    hasOutput: false,
    error: undefined,
  };
  readonly #dropUsage: boolean;

  constructor(dropUsage: boolean) {
    this.#dropUsage = dropUsage;
  }

  observe(frames: Uint8Array): Uint8Array {
    const bytes = Buffer.isBuffer(frames)
      ? frames
      : Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
    const seen = this.observation;
    const passed = isTelling(bytes) ? this.#look(bytes) : undefined;
    seen.hasOutput ||= hasValue(passed ?? bytes, deltaName);
    if (seen.finishReason === undefined && seen.hasOutput && isDone(bytes)) seen.finishReason = "other";
    return passed ?? frames;
  }

  /** Reads the frames one by one; undefined when nothing is to be left out. */
  #look(bytes: Buffer): Buffer | undefined {
    const passed: Buffer[] = [];
    let keptBytes = 0;
    for (let start = 0; start < bytes.length && !this.observation.error; ) {
      const end = frameEnd(bytes, start);
      const frame = bytes.subarray(start, end);
      start = end;
      if (isTelling(frame) && !this.#read(frame)) continue;
      passed.push(frame);
      keptBytes += frame.length;
    }
    return keptBytes === bytes.length ? undefined : Buffer.concat(passed, keptBytes);
  }

  /** Reads one frame. Whether it is to be passed on. */
  #read(frame: Buffer): boolean {
    try {
      const [event] = readEvents(frame);
      const chunk = event && readChunk(event);
      return !chunk || this.#note(chunk);
    } catch (reason) {
      this.observation.error = ProxyError.from(reason);
      return false;
    }
  }

  #note({ usage, choices }: JsonObject): boolean {
    const read = readUsage(usage);
    if (read) this.observation.usage = read;
    const all = isArray(choices) ? choices.filter(isObject) : [];
    const reason = textOf(all.find(({ index = 0 }) => index === 0)?.finish_reason);
    if (reason !== undefined) this.observation.finishReason = readFinishReason(reason);
    return !(this.#dropUsage && isObject(usage) && all.length === 0);
  }
}

/** Whether there is usage, a finish reason or an error in these frames: each is looked for with a value. */
function isTelling(frames: Buffer): boolean {
  if (hasValue(frames, finishName) || hasValue(frames, usageName) || hasValue(frames, errorName)) return true;
  return frames[0] === letterE || frames.includes(eventField);
}

/** Whether a member of this name has a value other than null. */
function hasValue(bytes: Buffer, name: Buffer): boolean {
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + name.length)) {
    const next = skipSpace(bytes, at + name.length);
    if (bytes[next] === colon && bytes[skipSpace(bytes, next + 1)] !== letterN) return true;
  }
  return false;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === space || byte === lineFeed || byte === carriageReturn || byte === tab;
}

/** Whether the last frame is the one that ends a stream. */
function isDone(bytes: Buffer): boolean {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end -= 1;
  if (bytes[end - 1] !== closeBracket) return false;
  return bytes.subarray(Math.max(0, end - done.length), end).equals(done);
}
