/**
 * Looks at relayed events without parsing them: they are searched for a few types, and only an event that has
 * something to tell is parsed.
 *
 * Inside JSON strings a quote is always escaped, so `"type":"message_delta"` cannot stand in an answer's text; in
 * what a tool answered it can, which reading the event shows.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type FinishReason, type JsonObject, ProxyError, type Usage } from "@llmproxy/spec";
import { objectOf, textOf } from "../../json/value.ts";
import { tokensOf } from "../../relay/estimate-usage.ts";
import { readEvents } from "../../sse/events.ts";
import { createFrameFinder } from "../../sse/frame-finder.ts";
import { outputLength } from "../../sse/output-length.ts";
import type { FrameObserver, Observation } from "../dialect.ts";
import { readFinishReason } from "./finish-reason.ts";
import { readEvent } from "./stream.ts";
import { mergeUsage, readUsage } from "./usage.ts";

const told = /"type"[ \t\r\n]*:[ \t\r\n]*"(?:message_start|message_delta|error)"/;
/** The line end before an event's name belongs to the frame before: it is only looked back at. */
const errorName = /event:(?<=(?:^|^\u00EF\u00BB\u00BF|[\r\n])event:) ?error[ \t]*[\r\n]/;
const telling = new RegExp(`${told.source}|event: ?error`);
const allTelling = new RegExp(`${told.source}|${errorName.source}`, "g");
const content = /"type"[ \t\r\n]*:[ \t\r\n]*"content_block_(?:start|delta)"/;

/** Where a delta has what the model writes, up to the quote that begins it. */
const outputStart =
  /"delta"[ \t\r\n]*:[ \t\r\n]*\{[^{}]*?"(?:text|thinking|partial_json)"[ \t\r\n]*:[ \t\r\n]*"/g;

/**
 * Makes an observer for one stream.
 *
 * Output begins with the first block of content: until then the vendor may still say that it is overloaded. An
 * error, and what follows it, is left out: it may hold our credentials, and the edge writes `observation.error`
 * in its place. Usage is in every stream, so none is left out.
 */
export function createFrameObserver(): FrameObserver {
  return new Observer();
}

/**
 * At the begin of a message the vendor tells what was read, and hardly anything of what is going to be written;
 * until the end that is estimated from what has passed.
 */
class MessageObservation implements Observation {
  finishReason: FinishReason | undefined;
  readonly openChoices = 0;
  hasOutput = false;
  outputBytes = 0;
  error: ProxyError | undefined;
  raw: JsonObject | undefined;
  isUsageFinal = false;

  get usage(): Usage | undefined {
    const usage = readUsage(this.raw);
    if (!usage || this.isUsageFinal) return usage;
    const outputTokens = Math.max(usage.outputTokens, tokensOf(this.outputBytes));
    return { ...usage, outputTokens, estimated: true };
  }
}

class Observer implements FrameObserver {
  readonly observation = new MessageObservation();

  observe(frames: Uint8Array): Uint8Array {
    const seen = this.observation;
    const bytes = asBuffer(frames);
    const text = bytes.toString("latin1");
    const end = telling.test(text) ? this.#look(bytes, text) : undefined;
    const passed = end === undefined ? text : text.slice(0, end);
    if (!seen.hasOutput) seen.hasOutput = content.test(passed);
    if (!seen.isUsageFinal) seen.outputBytes += outputLength(passed, outputStart);
    return end === undefined ? frames : bytes.subarray(0, end);
  }

  /** Reads the frames that tell something; where an error begins, or undefined. */
  #look(bytes: Buffer, text: string): number | undefined {
    const finder = createFrameFinder(text);
    let readTo = 0;
    for (const { index } of text.matchAll(allTelling)) {
      if (index < readTo) continue;
      const { start, end } = finder.around(index);
      readTo = end;
      this.#read(bytes.subarray(start, end));
      if (this.observation.error) return start;
    }
    return undefined;
  }

  #read(frame: Buffer): void {
    try {
      const [event] = readEvents(frame);
      const payload = event && readEvent(event);
      if (payload) this.#note(payload);
    } catch (reason) {
      this.observation.error = ProxyError.from(reason);
    }
  }

  #note({ type, message, delta, usage }: JsonObject): void {
    const seen = this.observation;
    if (type === "message_start") seen.raw ??= objectOf(objectOf(message)?.usage);
    if (type !== "message_delta") return;
    const more = objectOf(usage);
    if (more) seen.raw = mergeUsage(seen.raw, more);
    const reason = textOf(objectOf(delta)?.stop_reason);
    if (reason === undefined) return;
    seen.finishReason ??= readFinishReason(reason);
    seen.isUsageFinal = true;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
