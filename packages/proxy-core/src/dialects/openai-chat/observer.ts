/**
 * Looks at relayed frames without parsing them: they are searched for a few member names, and only a frame that
 * has something to tell is parsed.
 *
 * Inside JSON strings a quote is always escaped, so `"usage":` cannot stand in an answer's text.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type ByteSpan, type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import { isArray, isObject, textOf } from "../../json/value.ts";
import { readEvents } from "../../sse/events.ts";
import { createFrameFinder, type FrameFinder } from "../../sse/frame-finder.ts";
import { outputLength } from "../../sse/output-length.ts";
import type { FrameObserver, Observation } from "../dialect.ts";
import { readFinishReason } from "./finish-reason.ts";
import { readChunk } from "./stream.ts";
import { readUsage } from "./usage.ts";

/*
 * What tells something: usage, a finish reason or an error with a value that is not null; an event's name, with the
 * line end before it; vLLM's errors, which say `"object":"error"`; the index of a further choice. One expression over a
 * byte string takes a tenth of the time of a search in the buffer for each name, and each of these, which begins with
 * few letters, a tenth of the time of one expression for all of them.
 */
const member = /"(?:usage|finish_reason|error)"[ \t\r\n]*:[ \t\r\n]*[^n \t\r\n]|[\r\n]event:/g;
const errorObject = /"object"[ \t\r\n]*:[ \t\r\n]*"error"/g;
const furtherIndex = /"index"[ \t\r\n]*:[ \t\r\n]*[1-9]/g;
/** The first frame's event has no line end before it. */
const startsWithEvent = /^(?:\u00EF\u00BB\u00BF)?event:/g;
const allTelling = [member, errorObject, furtherIndex, startsWithEvent];
const delta = /"delta"[ \t\r\n]*:/;
const toolCalls = '"tool_calls"';
const indexPrefix = '"index';
const indexValue = /[1-9]\d*/y;

/** Where a delta has what the model writes, up to the quote that begins it. */
const outputStart = /"(?:content|reasoning_content|reasoning|refusal|arguments)"[ \t\r\n]*:[ \t\r\n]*"/g;

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
 * edge writes `observation.error` in its place.
 */
export function createFrameObserver({ dropUsage }: FrameObserverOptions): FrameObserver {
  return new Observer(dropUsage);
}

class Observer implements FrameObserver {
  readonly observation: Observation = {
    usage: undefined,
    finishReason: undefined,
    openChoices: 0,
    hasOutput: false,
    outputBytes: 0,
    error: undefined,
  };
  readonly #dropUsage: boolean;
  /** Choices beside the first, and whether each has finished. */
  readonly #further = new Map<number, boolean>();
  /** The last frame that was found to have tool calls. */
  #toolFrame: ByteSpan | undefined;

  constructor(dropUsage: boolean) {
    this.#dropUsage = dropUsage;
  }

  observe(frames: Uint8Array): Uint8Array {
    const seen = this.observation;
    const bytes = asBuffer(frames);
    const text = bytes.toString("latin1");
    const places = tellingPlaces(text);
    const passed = places.length > 0 ? this.#look(bytes, text, places) : undefined;
    const passedText = passed ? passed.toString("latin1") : text;
    if (!seen.hasOutput) seen.hasOutput = delta.test(passedText);
    if (!seen.usage) seen.outputBytes += outputLength(passedText, outputStart);
    return passed ?? frames;
  }

  /** Reads the frames that tell something; undefined when nothing is to be left out. */
  #look(bytes: Buffer, text: string, places: readonly number[]): Buffer | undefined {
    const finder = createFrameFinder(text);
    const passed: Buffer[] = [];
    let passedTo = 0;
    let readTo = 0;
    for (const index of places) {
      if (index < readTo || this.#isKnownIndex(text, index, finder)) continue;
      const { start, end } = finder.around(index);
      readTo = end;
      if (this.#read(bytes.subarray(start, end))) continue;
      passed.push(bytes.subarray(passedTo, start));
      passedTo = this.observation.error ? bytes.length : end;
      if (this.observation.error) break;
    }
    return passedTo === 0 ? undefined : Buffer.concat([...passed, bytes.subarray(passedTo)]);
  }

  /**
   * Whether what tells something at `at` is the index of a choice that is known to have begun, or that of a tool
   * call: these are in many frames, and reading each would cost what observing saves.
   */
  #isKnownIndex(text: string, at: number, finder: FrameFinder): boolean {
    if (!text.startsWith(indexPrefix, at)) return false;
    indexValue.lastIndex = text.indexOf(":", at) + 1;
    while (isSpace(text.charCodeAt(indexValue.lastIndex))) indexValue.lastIndex += 1;
    const [digits] = indexValue.exec(text) ?? [];
    if (this.#further.has(Number(digits))) return true;
    const frame = finder.around(at);
    if (frame === this.#toolFrame) return true;
    const hasToolCalls = text.slice(frame.start, frame.end).includes(toolCalls);
    if (hasToolCalls) this.#toolFrame = frame;
    return hasToolCalls;
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
    for (const { index = 0, finish_reason } of all) this.#noteChoice(index, textOf(finish_reason));
    return !(this.#dropUsage && isObject(usage) && all.length === 0);
  }

  #noteChoice(index: JsonValue, reason: string | undefined): void {
    const hasFinished = reason !== undefined;
    if (index === 0) {
      if (hasFinished) this.observation.finishReason = readFinishReason(reason);
      return;
    }
    if (typeof index !== "number") return;
    const had = this.#further.get(index);
    if (had === true || (had === false && !hasFinished)) return;
    this.#further.set(index, hasFinished);
    if (had === undefined && !hasFinished) this.observation.openChoices += 1;
    if (had === false) this.observation.openChoices -= 1;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where something is told, in order. */
function tellingPlaces(text: string): readonly number[] {
  const places: number[] = [];
  for (const telling of allTelling) {
    telling.lastIndex = 0;
    for (let found = telling.exec(text); found; found = telling.exec(text))
      // The line end before an event's name belongs to the frame before.
      places.push(isLineEnd(text.charCodeAt(found.index)) ? found.index + 1 : found.index);
  }
  return places.length > 1 ? places.sort((one, other) => one - other) : places;
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
