/**
 * Streamed answers: server-sent events, each with a chunk, then `[DONE]`.
 *
 * @see OpenAI API reference, "The chat completion chunk object"
 * @module
 */

import { type JsonObject, type JsonValue, type Part, ProxyError, type StartPart } from "@llmproxy/spec";
import { isDeeperThan, isObject } from "../../json/value.ts";
import { dataFrame, readEvents, type SseEvent } from "../../sse/events.ts";
import type { StreamReader, StreamWriter, StreamWriterOptions } from "../dialect.ts";
import { readErrorEvent } from "./error.ts";
import { ownExtra } from "./extra.ts";
import { createPartReader } from "./read-parts.ts";
import { createDetailWriter, type DetailWriter } from "./reasoning-details.ts";
import { maxDepth, readReplyError } from "./reply.ts";
import { done, streamEnd } from "./stream-end.ts";
import { ChunkDraft, createEnvelope, type Envelope } from "./write-parts.ts";

/** Makes a reader for one stream. What comes after `[DONE]` is not read. */
export function createStreamReader(): StreamReader {
  const reader = createPartReader("stream");
  let isDone = false;
  return {
    read(frames) {
      if (isDone) return [];
      const parts: Part[] = [];
      for (const event of readEvents(frames)) {
        isDone = event.data.trim() === done;
        if (isDone) return [...parts, ...reader.end()];
        const chunk = readChunk(event);
        if (chunk) parts.push(...reader.read(chunk));
      }
      return parts;
    },
  };
}

/** Payloads shorter than this cannot be nested so deep that it matters. */
const shortLength = 4_096;

/** Events that carry chunks; others are a vendor's own and need not be JSON. */
const chunkEvents = new Set(["", "message"]);

/**
 * The chunk of an event; undefined when it has no payload, or one that is not meant for us.
 *
 * @throws the error it reports, or `upstream_failed` when it is not a chunk
 */
export function readChunk({ event, data }: SseEvent): JsonObject | undefined {
  const text = data.trim();
  if (text === "") return undefined;
  if (event === "error") throw readErrorEvent(text);
  if (text === done) return undefined;
  const chunk = parse(text);
  if (chunk === undefined && !chunkEvents.has(event)) return undefined;
  if (!isObject(chunk) || (data.length > shortLength && isDeeperThan(chunk, maxDepth))) throw notAChunk();
  const error = readReplyError(chunk);
  if (error) throw error;
  return chunk;
}

function parse(data: string): JsonValue | undefined {
  try {
    return JSON.parse(data);
  } catch {
    // The caller knows whether it has to be JSON.
    return undefined;
  }
}

function notAChunk(): ProxyError {
  return new ProxyError("upstream_failed", "the provider sent an event that is not a chat completion chunk");
}

/**
 * Makes a writer for one stream. Parts read from a stream of this dialect give the same chunks again; of other
 * parts each becomes a chunk.
 */
export function createStreamWriter(options: StreamWriterOptions): StreamWriter {
  return new ChunkWriter(options);
}

type ContentPart = Exclude<Part, StartPart>;

/** A chunk up to its choice. */
function chunkStart({ members }: Envelope): string {
  return `data: ${JSON.stringify(members).slice(0, -1)},"choices":[`;
}

/** The JSON text of the delta a part becomes; undefined for one that says more than a piece of text. */
function plainDelta(part: ContentPart): string | undefined {
  if (part.type === "logprobs" || part.extra) return undefined;
  switch (part.type) {
    case "text-delta":
      return `{"content":${JSON.stringify(part.text)}}`;
    case "reasoning-delta":
      return part.signature === undefined && part.text !== ""
        ? `{"reasoning_content":${JSON.stringify(part.text)}}`
        : undefined;
    case "tool-call-delta":
      return `{"tool_calls":[{"index":${part.index},"function":{"arguments":${JSON.stringify(part.arguments)}}}]}`;
    default:
      return undefined;
  }
}

class ChunkWriter implements StreamWriter {
  readonly #includeUsage: boolean;
  readonly #begun = new Set<number>();
  readonly #details: DetailWriter = createDetailWriter();
  #envelope: Envelope | undefined;
  #draft: ChunkDraft | undefined;
  /** What stands before the choice in every chunk that is not exact. */
  #before: string | undefined;
  /** What stands behind it. */
  readonly #after: string;
  /** How many more parts the chunk at hand has. */
  #missing = 0;

  constructor({ includeUsage }: StreamWriterOptions) {
    this.#includeUsage = includeUsage;
    this.#after = includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  }

  write(part: Part): string {
    if (part.type === "start") return this.#start(part);
    return this.#writePlain(part) ?? this.#writePart(part);
  }

  /** Most parts are one more piece of something another dialect has begun: their chunks differ in that alone. */
  #writePlain(part: ContentPart): string | undefined {
    if (!this.#before || this.#draft || part.type === "usage" || !this.#begun.has(part.choice))
      return undefined;
    const delta = plainDelta(part);
    if (delta === undefined) return undefined;
    this.#details.mark(part);
    const { choice } = part;
    return `${this.#before}{"index":${choice},"delta":${delta},"finish_reason":null}]${this.#after}`;
  }

  #writePart(part: ContentPart): string {
    const own = part.type === "logprobs" ? undefined : ownExtra(part.extra);
    const isExact = this.#envelope?.isExact === true;
    const isUnsaid = (isExact && own?.isInferred === true) || (part.type === "opaque" && !own);
    if (isUnsaid) return "";
    const size = isExact && typeof own?.parts === "number" ? own.parts : undefined;
    const before = size === undefined ? "" : this.#flush();
    this.#envelope ??= createEnvelope(undefined, "stream");
    this.#draft ??= new ChunkDraft(this.#envelope);
    this.#draft.add(isExact ? part : this.#details.mark(part));
    this.#missing = (size ?? this.#missing) - 1;
    return this.#missing > 0 ? before : before + this.#flush();
  }

  end(): string {
    return this.#flush() + streamEnd.frame;
  }

  #start(part: StartPart): string {
    const before = this.#flush();
    this.#envelope = createEnvelope(part, "stream");
    this.#details.mark(part);
    this.#before = this.#envelope.isExact ? undefined : chunkStart(this.#envelope);
    return before;
  }

  #flush(): string {
    const draft = this.#draft;
    this.#draft = undefined;
    this.#missing = 0;
    const isExact = this.#envelope?.isExact === true;
    if (!draft || (draft.hasOnlyUsage && !this.#includeUsage) || (draft.isEmpty && !isExact)) return "";
    const { usage, ...chunk } = draft.toJson((choice) => this.#begin(choice));
    if (!this.#includeUsage) return dataFrame(chunk);
    // Where usage is asked for, OpenAI's other chunks say that they have none.
    return dataFrame(usage === undefined && isExact ? chunk : { ...chunk, usage: usage ?? null });
  }

  /** Whether this is the first that is said in a choice. */
  #begin(choice: number): boolean {
    const isFirst = !this.#begun.has(choice);
    this.#begun.add(choice);
    return isFirst;
  }
}
