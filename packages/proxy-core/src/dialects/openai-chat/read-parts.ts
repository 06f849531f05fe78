/**
 * From chunks, or from a unary answer, to parts.
 *
 * Both forms have the same shape: a unary answer is read as one chunk whose `message` takes the place of
 * `delta`. What no part can say is kept by the rule of `extra.ts`; the first part of a chunk carries what is kept
 * of the chunk, see `part-extra.ts`.
 *
 * @module
 */

import { type JsonObject, type JsonValue, type Part, ProxyError } from "@llmproxy/spec";
import {
  defined,
  filter,
  isArray,
  isObject,
  objectOf,
  sameJson,
  textOf,
  unlessEmpty,
} from "../../json/value.ts";
import { type CallReader, createCallReader } from "./calls.ts";
import { ownExtra, withOwn } from "./extra.ts";
import { readFinishReason, writeFinishReason } from "./finish-reason.ts";
import { readItem } from "./items.ts";
import type { Form, PartExtra } from "./part-extra.ts";
import { type ReasoningMember, reasoningMember } from "./reasoning.ts";
import { readUsage } from "./usage.ts";

/** Reads the chunks of one stream, or one unary answer. */
export interface PartReader {
  /**
   * @param chunk - the next chunk, or the whole unary answer
   * @throws `upstream_failed` when it is not what this dialect writes
   */
  read(chunk: JsonObject): readonly Part[];
  /** What is still to be said when the vendor has said that the stream is complete. */
  end(): readonly Part[];
}

/** The parts of a choice, at least one, and what the first is to carry. */
interface ReadChoice {
  readonly parts: readonly Part[];
  readonly own: PartExtra;
}

interface Choice {
  readonly calls: CallReader;
  isFinished: boolean;
}

/** The most choices of one answer; what is beyond it is not an answer to any request. */
const maxChoices = 1_024;

/** Makes a reader for one answer. */
export function createPartReader(form: Form): PartReader {
  return new ChunkReader(form);
}

class ChunkReader implements PartReader {
  readonly #form: Form;
  readonly #choices = new Map<number, Choice>();
  #envelope: JsonObject | undefined;
  #preamble: JsonObject | undefined;
  #runningUsage: JsonObject | undefined;
  #hasUsage = false;

  constructor(form: Form) {
    this.#form = form;
  }

  read(chunk: JsonObject): readonly Part[] {
    if (this.#envelope) return this.#readChunk(chunk, this.#envelope);
    if (this.#form === "stream" && !this.#preamble && isPreamble(chunk)) {
      this.#preamble = chunk;
      return [];
    }
    return this.#begin(chunk);
  }

  end(): readonly Part[] {
    const parts: Part[] = [];
    if (this.#preamble && !this.#envelope) parts.push(...this.#begin(undefined));
    for (const [choice, state] of this.#choices)
      if (!state.isFinished)
        parts.push({ type: "finish", choice, reason: "other", ...withOwn({ isInferred: true }) });
    const raw = this.#hasUsage ? undefined : this.#runningUsage;
    const usage = readUsage(raw);
    if (raw && usage) parts.push({ type: "usage", usage, ...withOwn({ usage: raw, isInferred: true }) });
    return parts;
  }

  #begin(chunk: JsonObject | undefined): readonly Part[] {
    const chunks = [this.#preamble, chunk].filter((item) => item !== undefined);
    const envelope = filter(chunks.at(-1) ?? {}, isOfEnvelope);
    this.#envelope = envelope;
    return [startPart(envelope, this.#form), ...chunks.flatMap((item) => this.#readChunk(item, envelope))];
  }

  #readChunk(chunk: JsonObject, envelope: JsonObject): readonly Part[] {
    const choices = (isArray(chunk.choices) ? chunk.choices : []).map((choice) => this.#readChoice(choice));
    const last = this.#readUsage(objectOf(chunk.usage));
    const own = changes(chunk, envelope, last !== undefined);
    const [first, ...others] = choices;
    if (!first) return [carry(last ?? opaquePart(0), { ...own, parts: 1 })];
    const count = choices.reduce((sum, { parts }) => sum + parts.length, last ? 1 : 0);
    const parts = [
      ...carryFirst(first, { ...own, parts: count }),
      ...others.flatMap((choice) => carryFirst(choice)),
    ];
    return last ? [...parts, last] : parts;
  }

  /** Some vendors report usage with every chunk: only what comes when all is said counts; the rest is kept. */
  #readUsage(raw: JsonObject | undefined): Part | undefined {
    const usage = readUsage(raw);
    if (!raw || !usage) return undefined;
    const isComplete = [...this.#choices.values()].every(({ isFinished }) => isFinished);
    if (this.#form === "unary" || (isComplete && this.#choices.size > 0)) {
      this.#hasUsage = true;
      return { type: "usage", usage, ...withOwn({ usage: raw }) };
    }
    this.#runningUsage = raw;
    return undefined;
  }

  #readChoice(value: JsonValue): ReadChoice {
    if (!isObject(value))
      throw new ProxyError("upstream_failed", "the provider sent a choice that is not an object");
    const { logprobs, finish_reason } = value;
    const choice = Number.isInteger(value.index) ? Number(value.index) : 0;
    const state = this.#choice(choice);
    const name = this.#form === "stream" ? "delta" : "message";
    const message = objectOf(value[name]);
    const parts = message ? readMessage(message, choice, state.calls) : [];
    if (isObject(logprobs)) parts.push({ type: "logprobs", choice, value: logprobs });
    if (typeof finish_reason === "string") parts.push(finishPart(choice, finish_reason));
    state.isFinished ||= typeof finish_reason === "string";
    // Log probabilities cannot carry anything.
    if (!parts[0] || parts[0].type === "logprobs") parts.unshift(opaquePart(choice));
    return { parts, own: choiceExtra(value, name, message) };
  }

  #choice(number: number): Choice {
    const known = this.#choices.get(number);
    if (known) return known;
    if (this.#choices.size >= maxChoices)
      throw new ProxyError("upstream_failed", `the provider sent more than ${maxChoices} choices`);
    const choice = { calls: createCallReader(this.#form), isFinished: false };
    this.#choices.set(number, choice);
    return choice;
  }
}

/** Azure sends what its filters say of the prompt before anything else, in a chunk without id and model. */
function isPreamble({ id, choices, usage }: JsonObject): boolean {
  return !textOf(id) && isArray(choices) && choices.length === 0 && !isObject(usage);
}

/** What is left of a choice and of its `delta` or `message`. */
function choiceExtra(choice: JsonObject, messageName: string, message: JsonObject | undefined): PartExtra {
  const left = filter(choice, (name, value) => {
    if (name === messageName || name === "logprobs") return !isObject(value);
    return name !== "finish_reason" || typeof value !== "string";
  });
  if (!message) return { choice: left };
  const member = reasoningMember(message);
  return { choice: left, message: filter(message, (name, value) => name !== member && !isSaid(name, value)) };
}

/** Whether most chunks may be expected to repeat a top-level member. */
function isOfEnvelope(name: string, value: JsonValue | undefined): boolean {
  return name !== "choices" && name !== "obfuscation" && !(name === "usage" && isObject(value));
}

/** What of a chunk is neither in its parts nor in the envelope, and what of the envelope is not in the chunk. */
function changes(chunk: JsonObject, envelope: JsonObject, isUsageRead: boolean): PartExtra {
  const changed = filter(chunk, (name, value) => {
    if (name === "choices" && isArray(value) && value.length > 0) return false;
    if (name === "usage" && isUsageRead) return false;
    return !Object.hasOwn(envelope, name) || !sameJson(value, envelope[name]);
  });
  const without = Object.keys(envelope).filter((name) => !Object.hasOwn(chunk, name));
  return { ...(unlessEmpty(changed) ? { chunk: changed } : {}), ...(without.length > 0 ? { without } : {}) };
}

function startPart(envelope: JsonObject, form: Form): Part {
  const { id, model, created, ...others } = envelope;
  const createdAt = readTime(created);
  const left = defined({
    id: textOf(id) ? undefined : id,
    model: textOf(model) ? undefined : model,
    created: createdAt ? undefined : created,
  });
  return {
    type: "start",
    id: textOf(id) ?? "",
    model: textOf(model) ?? "",
    ...(createdAt ? { createdAt } : {}),
    ...withOwn({ form, envelope: { ...others, ...left } }),
  };
}

/** Seconds since the Unix epoch; undefined for what a Date would not give back. */
function readTime(created: JsonValue | undefined): Date | undefined {
  if (typeof created !== "number") return undefined;
  const time = new Date(Math.round(created * 1_000));
  return time.getTime() / 1_000 === created ? time : undefined;
}

function opaquePart(choice: number): Part {
  return { type: "opaque", choice, extra: {} };
}

function finishPart(choice: number, raw: string): Part {
  const reason = readFinishReason(raw);
  const isOwn = writeFinishReason(reason) === raw;
  return { type: "finish", choice, reason, ...(isOwn ? {} : withOwn({ finish_reason: raw })) };
}

function carry(part: Part, own: PartExtra): Part {
  if (part.type === "logprobs") return part;
  return { ...part, ...withOwn({ ...ownExtra(part.extra), ...own }) };
}

function carryFirst({ parts: [first, ...others], own }: ReadChoice, more?: PartExtra): readonly Part[] {
  return first ? [carry(first, more ? { ...own, ...more } : own), ...others] : others;
}

/** Reads a `delta` or `message`. */
function readMessage(message: JsonObject, choice: number, calls: CallReader): Part[] {
  const { content, refusal, tool_calls } = message;
  const member = reasoningMember(message);
  const parts: Part[] = [];
  if (member) parts.push(reasoningPart(message, member, choice));
  if (isArray(content)) parts.push(...content.map((item) => readItem(item, choice)));
  const text = textOf(content);
  if (text !== undefined) parts.push({ type: "text-delta", choice, text });
  const declined = textOf(refusal);
  if (declined !== undefined) parts.push({ type: "refusal-delta", choice, text: declined });
  if (isArray(tool_calls)) parts.push(...tool_calls.flatMap((call) => calls.read(call, choice)));
  return parts;
}

function reasoningPart(message: JsonObject, member: ReasoningMember, choice: number): Part {
  const text = textOf(message[member]) ?? "";
  return { type: "reasoning-delta", choice, text, ...(member === "reasoning" ? withOwn({ member }) : {}) };
}

/** Whether a member other than reasoning has become a part. */
function isSaid(name: string, value: JsonValue | undefined): boolean {
  if (name === "refusal") return textOf(value) !== undefined;
  if (name === "content") return textOf(value) !== undefined || (isArray(value) && value.length > 0);
  return name === "tool_calls" && isArray(value) && value.length > 0;
}
