/**
 * Streamed answers: server-sent events, named by their type.
 *
 * @see Anthropic API, "Streaming messages"
 * @module
 */

import { type JsonObject, type JsonValue, type Part, ProxyError } from "@llmproxy/spec";
import { isDeeperThan, isObject } from "../../json/value.ts";
import { readEvents, type SseEvent } from "../../sse/events.ts";
import type { StreamReader, StreamWriter, StreamWriterOptions } from "../dialect.ts";
import { createCallOrder } from "./call-order.ts";
import { readErrorEvent } from "./error.ts";
import { EventWriter } from "./event-writer.ts";
import { createEventReader } from "./read-parts.ts";
import { messageStop, streamEnd } from "./stream-end.ts";

/** How deep an answer may be nested; a tool's input may be what a client's schema says. */
export const maxDepth = 128;

/** Makes a reader for one stream. What comes after `message_stop` is not read. */
export function createStreamReader(): StreamReader {
  const reader = createEventReader();
  let isDone = false;
  const read = (sse: SseEvent): readonly Part[] => {
    const event = isDone ? undefined : readEvent(sse);
    if (!event) return [];
    isDone = event.type === messageStop;
    return isDone ? reader.end() : reader.read(event);
  };
  return {
    read: (frames) => (isDone ? [] : readEvents(frames).flatMap(read)),
  };
}

/** Payloads shorter than this cannot be nested so deep that it matters. */
const shortLength = 4_096;

/**
 * The payload of an event; undefined when it has none.
 *
 * @throws the error it reports, or `upstream_failed` when it is not an event of a message
 */
export function readEvent({ event, data }: SseEvent): JsonObject | undefined {
  if (event === "error") throw readErrorEvent(data);
  if (data.trim() === "") return undefined;
  const payload = parse(data);
  if (!isObject(payload) || (data.length > shortLength && isDeeperThan(payload, maxDepth)))
    throw notAnEvent();
  if (payload.type === "error") throw readErrorEvent(data);
  if (typeof payload.type !== "string") throw notAnEvent();
  return payload;
}

function parse(data: string): JsonValue | undefined {
  try {
    return JSON.parse(data);
  } catch {
    // The caller says what was wanted.
    return undefined;
  }
}

function notAnEvent(): ProxyError {
  return new ProxyError("upstream_failed", "the provider sent what is not an event of a message");
}

/**
 * Makes a writer for one stream. There is one choice: parts of further ones are left out, as nobody can have
 * asked for them in this dialect. Usage is in every stream.
 */
export function createStreamWriter({ chat }: Pick<StreamWriterOptions, "chat"> = {}): StreamWriter {
  const writer = new EventWriter(chat);
  const order = createCallOrder();
  const write = (parts: readonly Part[]): string => {
    let events = "";
    for (const part of parts) events += writer.write(part);
    return events;
  };
  return {
    write(part) {
      if (isOfFurtherChoice(part)) return "";
      return write(order.add(part));
    },
    end: () => write(order.end()) + writer.end() + streamEnd.frame,
  };
}

/** Whether a part belongs to another choice than the first. */
export function isOfFurtherChoice(part: Part): boolean {
  return part.type !== "start" && part.type !== "usage" && part.choice !== 0;
}
