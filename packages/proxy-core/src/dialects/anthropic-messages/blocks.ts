/**
 * Blocks of content, read: whole, or in the events that begin them, add to them and end them.
 *
 * Blocks that only this dialect has (tools the vendor runs, what they answered, what is still to be invented) are
 * kept whole, in their place. A redacted thought has no text, but it is one.
 *
 * @module
 */

import { type JsonObject, type JsonValue, type Part, ProxyError } from "@llmproxy/spec";
import { isObject, objectOf, rest, textOf, unlessEmpty } from "../../json/value.ts";
import { withOwn, withOwnIfAny } from "./extra.ts";
import type { Form, PartExtra } from "./part-extra.ts";

/** Reads the blocks of one message. */
export interface BlockReader {
  /** Reads a block that is here at once. */
  readWhole(block: JsonValue): readonly Part[];
  /** Reads a `content_block_start` event. */
  readStart(event: JsonObject): readonly Part[];
  /** Reads a `content_block_delta` event. */
  readDelta(event: JsonObject): readonly Part[];
  /** Reads a `content_block_stop` event. */
  readStop(event: JsonObject): readonly Part[];
  /** What is still to be said of a block whose end the vendor left out. */
  end(): readonly Part[];
}

/** A call in a stream. */
interface OpenCall {
  readonly call: number;
  /** The input that stands in its begin, which counts unless deltas bring another: JSON text. */
  input: string | undefined;
}

/** What a delta has to know of the block it belongs to: its call, or that nobody understands it. */
type OpenBlock = OpenCall | "plain" | "opaque";

/** The most blocks of one message. */
const maxBlocks = 10_000;

/** Makes a reader for one message. */
export function createBlockReader(form: Form): BlockReader {
  return new Reader(form);
}

class Reader implements BlockReader {
  readonly #form: Form;
  #open: OpenBlock = "plain";
  #calls = 0;
  #blocks = 0;

  constructor(form: Form) {
    this.#form = form;
  }

  readWhole(block: JsonValue): readonly Part[] {
    return this.#begin(block, {});
  }

  readStart(event: JsonObject): readonly Part[] {
    const left = unlessEmpty(rest(event, startMembers));
    return [...this.end(), ...this.#begin(event.content_block ?? null, left ? { event: left } : {})];
  }

  readDelta(event: JsonObject): readonly Part[] {
    const delta = objectOf(event.delta) ?? {};
    const part = this.#open === "opaque" ? undefined : deltaPart(delta, this.#open);
    if (part?.type === "tool-call-delta" && typeof this.#open === "object") this.#open.input = undefined;
    const isPlain = part && countOf(event) === plainEventMembers && countOf(delta) === plainDeltaMembers;
    if (part && isPlain) return [part];
    const left = unlessEmpty(rest(event, deltaMembers));
    const own: PartExtra = left ? { event: left } : {};
    if (!part) return [opaquePart({ ...own, delta })];
    const leftOfDelta = unlessEmpty(rest(delta, deltaNames));
    return [{ ...part, ...withOwnIfAny({ ...own, ...(leftOfDelta ? { delta: leftOfDelta } : {}) }) }];
  }

  readStop(event: JsonObject): readonly Part[] {
    const left = unlessEmpty(rest(event, stopMembers));
    return [...this.end(), opaquePart({ isStop: true, ...(left ? { event: left } : {}) })];
  }

  end(): readonly Part[] {
    const open = this.#open;
    this.#open = "plain";
    if (typeof open !== "object" || open.input === undefined) return [];
    return [{ ...callDelta(open.call, open.input), ...withOwn({ isInStart: true }) }];
  }

  #begin(block: JsonValue, own: PartExtra): readonly Part[] {
    if (!isObject(block))
      throw new ProxyError("upstream_failed", "the provider sent a block of content that is not an object");
    this.#blocks += 1;
    if (this.#blocks > maxBlocks)
      throw new ProxyError("upstream_failed", `the provider sent more than ${maxBlocks} blocks of content`);
    this.#open = "plain";
    switch (block.type) {
      case "text":
        return [this.#readText(block, own)];
      case "thinking":
        return [this.#readThinking(block, own)];
      case "redacted_thinking":
        this.#open = "opaque";
        return [{ type: "reasoning-delta", choice: 0, text: "", ...withOwn({ ...own, start: block }) }];
      case "tool_use":
        return this.#readCall(block, own);
      default:
        this.#open = "opaque";
        return [opaquePart({ ...own, start: block })];
    }
  }

  #readText(block: JsonObject, own: PartExtra): Part {
    const text = textOf(block.text);
    if (text === undefined && this.#form === "stream") return opaquePart({ ...own, start: block });
    const start = rest(block, textMembers);
    return {
      type: "text-delta",
      choice: 0,
      text: text ?? "",
      ...withOwn({ ...own, start, ...this.#inStart() }),
    };
  }

  #readThinking(block: JsonObject, own: PartExtra): Part {
    const text = textOf(block.thinking);
    const signature = textOf(block.signature);
    if (text === undefined && signature === undefined && this.#form === "stream")
      return opaquePart({ ...own, start: block });
    const start = rest(block, signature === undefined ? thinkingMembers : signedMembers);
    return {
      type: "reasoning-delta",
      choice: 0,
      text: text ?? "",
      ...(signature === undefined ? {} : { signature }),
      ...withOwn({ ...own, start, ...this.#inStart() }),
    };
  }

  #readCall(block: JsonObject, own: PartExtra): readonly Part[] {
    const { id, name } = block;
    const call = this.#calls;
    this.#calls += 1;
    const input = JSON.stringify(block.input ?? {});
    const isUnary = this.#form === "unary";
    if (!isUnary) this.#open = { call, input };
    const start = rest(block, isUnary ? callMembers : calledMembers);
    const begin: Part = {
      type: "tool-call-start",
      choice: 0,
      index: call,
      id: textOf(id) ?? `toolu_${call}`,
      name: textOf(name) ?? "",
      ...withOwn({ ...own, start }),
    };
    return isUnary ? [begin, callDelta(call, input)] : [begin];
  }

  #inStart(): PartExtra {
    return this.#form === "stream" ? { isInStart: true } : {};
  }
}

const startMembers = new Set(["type", "index", "content_block"]);
const deltaMembers = new Set(["type", "index", "delta"]);
const stopMembers = new Set(["type", "index"]);
const deltaNames = new Set(["type", "text", "thinking", "signature", "partial_json"]);
const textMembers = new Set(["text"]);
const thinkingMembers = new Set(["thinking"]);
const signedMembers = new Set(["thinking", "signature"]);
/** In a stream the input stays with the block, as only its end tells whether it counts. */
const calledMembers = new Set(["id", "name"]);
const callMembers = new Set([...calledMembers, "input"]);
/** How many members an event and its delta have that say nothing but their part. */
const plainEventMembers = 3;
const plainDeltaMembers = 2;

function countOf(object: JsonObject): number {
  let count = 0;
  for (const _ in object) count += 1;
  return count;
}

/** The part a delta says; undefined when it says nothing that others would understand. */
function deltaPart(delta: JsonObject, open: Exclude<OpenBlock, "opaque">): Part | undefined {
  switch (delta.type) {
    case "text_delta": {
      const text = textOf(delta.text);
      return text === undefined ? undefined : { type: "text-delta", choice: 0, text };
    }
    case "thinking_delta": {
      const text = textOf(delta.thinking);
      return text === undefined ? undefined : { type: "reasoning-delta", choice: 0, text };
    }
    case "signature_delta": {
      const signature = textOf(delta.signature);
      return signature === undefined
        ? undefined
        : { type: "reasoning-delta", choice: 0, text: "", signature };
    }
    case "input_json_delta": {
      const written = textOf(delta.partial_json);
      if (written === undefined || open === "plain") return undefined;
      return { type: "tool-call-delta", choice: 0, index: open.call, arguments: written };
    }
    default:
      return undefined;
  }
}

function callDelta(index: number, written: string): Part {
  return { type: "tool-call-delta", choice: 0, index, arguments: written };
}

function opaquePart(own: PartExtra): Part {
  return { type: "opaque", choice: 0, ...withOwn(own) };
}
