/**
 * From events to parts.
 *
 * Each event becomes at least one part, so that the stream can be written again as it was; what the vocabulary
 * has no words for is opaque.
 *
 * @module
 */

import { type JsonObject, type JsonValue, type Part, ProxyError } from "@llmproxy/spec";
import { isArray, isObject, objectOf, rest, textOf, unlessEmpty } from "../../json/value.ts";
import { type BlockReader, createBlockReader } from "./blocks.ts";
import { withOwn, withOwnIfAny } from "./extra.ts";
import { readFinishReason } from "./finish-reason.ts";
import type { PartExtra, StartExtra } from "./part-extra.ts";
import { mergeUsage, readUsage } from "./usage.ts";

/** Reads the events of one stream. */
export interface EventReader {
  /**
   * @param event - the next event's payload
   * @throws `upstream_failed` when it is not what this dialect writes
   */
  read(event: JsonObject): readonly Part[];
  /** What is still to be said when the vendor has said that the stream is complete. */
  end(): readonly Part[];
}

/** Makes a reader for one stream. */
export function createEventReader(): EventReader {
  return new Reader();
}

class Reader implements EventReader {
  readonly #blocks: BlockReader = createBlockReader("stream");
  #hasStarted = false;
  #hasFinished = false;
  #usage: JsonObject | undefined;

  read(event: JsonObject): readonly Part[] {
    if (event.type === "message_start") return this.#start(event);
    // Nothing can be said of a message that has not begun; in practice this is a ping.
    if (!this.#hasStarted) return refuseEarly(event);
    switch (event.type) {
      case "content_block_delta":
        return this.#blocks.readDelta(event);
      case "content_block_start":
        return this.#blocks.readStart(event);
      case "content_block_stop":
        return this.#blocks.readStop(event);
      case "message_delta":
        return this.#readEnd(event);
      default:
        return [otherPart(event)];
    }
  }

  end(): readonly Part[] {
    if (!this.#hasStarted || this.#hasFinished) return [];
    const finish: Part = { type: "finish", choice: 0, reason: "other" };
    return [...this.#blocks.end(), finish, ...this.#readUsage(undefined)];
  }

  /** A message begins once; some gateways say it twice. */
  #start(event: JsonObject): readonly Part[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    const message = objectOf(event.message);
    if (!message) throw notAMessage();
    const { content, ...others } = message;
    this.#usage = objectOf(message.usage);
    const left = unlessEmpty(rest(event, startMembers));
    const start = startPart(others, { form: "stream", ...(left ? { event: left } : {}) });
    return [
      start,
      ...(isArray(content)
        ? content.flatMap((block) => [...this.#blocks.readWhole(block), ...this.#blocks.end()])
        : []),
    ];
  }

  #readEnd(event: JsonObject): readonly Part[] {
    const delta = objectOf(event.delta);
    const raw = objectOf(event.usage);
    const reason = textOf(delta?.stop_reason);
    this.#usage = raw ? mergeUsage(this.#usage, raw) : this.#usage;
    if (!delta || reason === undefined || this.#hasFinished) return [otherPart(event)];
    this.#hasFinished = true;
    const left = unlessEmpty(rest(event, raw ? endMembersWithUsage : endMembers));
    const own: PartExtra = { delta: rest(delta, reasonMembers), ...(left ? { event: left } : {}) };
    return [...this.#blocks.end(), finishPart(reason, own), ...this.#readUsage(raw)];
  }

  #readUsage(raw: JsonObject | undefined): readonly Part[] {
    const usage = readUsage(this.#usage);
    return usage ? [{ type: "usage", usage, ...withOwn({ usage: raw ?? this.#usage }) }] : [];
  }
}

const startMembers = new Set(["type", "message"]);
const endMembers = new Set(["type", "delta"]);
const endMembersWithUsage = new Set([...endMembers, "usage"]);
const reasonMembers = new Set(["stop_reason"]);

function refuseEarly({ type }: JsonObject): readonly Part[] {
  if (typeof type === "string" && !type.startsWith("content_block_") && type !== "message_delta") return [];
  throw new ProxyError("upstream_failed", "the provider's stream does not begin with its message");
}

function notAMessage(): ProxyError {
  return new ProxyError("upstream_failed", "the provider sent what is not a message");
}

function otherPart(event: JsonObject): Part {
  return { type: "opaque", choice: 0, ...withOwn({ other: event }) };
}

/**
 * The part a message begins with.
 *
 * @param message - without its content
 */
export function startPart(message: JsonObject, own: Omit<StartExtra, "message">): Part {
  const { id, model, ...others } = message;
  const left = {
    ...others,
    ...(id !== undefined && !textOf(id) ? { id } : {}),
    ...(model !== undefined && !textOf(model) ? { model } : {}),
  };
  return {
    type: "start",
    id: textOf(id) ?? "",
    model: textOf(model) ?? "",
    ...withOwn({ ...own, message: left }),
  };
}

/** The part a message ends with. */
export function finishPart(raw: string, own: PartExtra): Part {
  return {
    type: "finish",
    choice: 0,
    reason: readFinishReason(raw),
    ...withOwnIfAny({ ...own, stop_reason: raw }),
  };
}

/**
 * Reads a message that came at once.
 *
 * @throws `upstream_failed` when a block of it is not an object
 */
export function readMessage({ content, ...message }: JsonObject): readonly Part[] {
  const { usage: raw, stop_reason, stop_sequence, stop_details, ...left } = message;
  const blocks = createBlockReader("unary");
  const usage = readUsage(raw);
  const reason = textOf(stop_reason);
  const end = present({ stop_sequence, stop_details });
  const others = {
    ...left,
    ...present(usage ? {} : { usage: raw }),
    ...(reason ? {} : present({ stop_reason, ...end })),
  };
  const parts: Part[] = [startPart(others, { form: "unary" })];
  for (const block of isArray(content) ? content : []) parts.push(...blocks.readWhole(block));
  if (reason) parts.push(finishPart(reason, { delta: end }));
  if (usage && isObject(raw)) parts.push({ type: "usage", usage, ...withOwn({ usage: raw }) });
  return parts;
}

/** The members that are there, also those that are null. */
function present(members: { readonly [name: string]: JsonValue | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
