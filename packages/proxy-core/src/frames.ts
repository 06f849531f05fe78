/**
 * The two converters between the forms of a reply: frames of a dialect, and parts.
 *
 * Both pull one element at a time, so the reader's pace is the upstream's. Whoever stops early ends the reply,
 * also before the first element, which is why the iterator is one by hand: `return()` on a generator that has not
 * started runs none of its code.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type ChatRequest,
  type FramesReply,
  type JsonObject,
  type JsonValue,
  type Part,
  ProxyError,
  type Reply,
} from "@llmproxy/spec";
import { condense } from "./collect.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Dialects } from "./dialects/dialects.ts";
import { isObject } from "./json/value.ts";

/**
 * The parts of a reply.
 *
 * @param reply - not iterated yet; from now on to be read only by the result
 * @param dialects - to read frames with
 * @returns an iterator that ends the reply when it is left early and throws what the reply throws, or
 *   `upstream_failed` when the frames are not what their dialect says
 */
export function partsOf(reply: Reply, dialects: Dialects): AsyncIterableIterator<Part> {
  if (reply.form === "parts") return reply.parts;
  const dialect = dialects[reply.dialect];
  return new Batches(reply, reply.stream ? readStream(reply, dialect) : readUnary(reply, dialect));
}

/** How frames are written. */
export interface FramesOptions {
  /** The dialect to write. */
  readonly dialect: Dialect;
  /** To read frames of other dialects with. */
  readonly dialects: Dialects;
  /** Whether to write a stream; else a unary answer, put together from a stream if need be. */
  readonly stream: boolean;
  /** Whether the client asked for usage in the stream. */
  readonly includeUsage: boolean;
  /** What was asked, for streams that begin with its size; that is zero when absent. */
  readonly chat?: ChatRequest | undefined;
  /** When the answer was made, for vendors that do not say it; the epoch when absent. */
  readonly createdAt?: Date;
}

/**
 * A reply as frames of a dialect: its own where it has them in the wanted form, else written from its parts.
 *
 * @param reply - not iterated yet; from now on to be read only by the result
 * @returns an iterator that ends the reply when it is left early and throws what the reply throws
 */
export function framesOf(reply: Reply, options: FramesOptions): AsyncIterableIterator<Uint8Array> {
  const { dialect, stream } = options;
  if (reply.form === "frames" && reply.dialect === dialect.name && reply.stream === stream)
    return reply.frames;
  const parts = partsOf(reply, options.dialects);
  return new Batches(reply, stream ? writeStream(parts, options) : writeUnary(parts, options));
}

/** The next elements; undefined at the end. */
type Pull<T> = () => Promise<readonly T[] | undefined>;

class Batches<T> implements AsyncIterableIterator<T, undefined> {
  readonly #reply: Reply;
  readonly #pull: Pull<T>;
  #batch: readonly T[] = [];
  #taken = 0;
  #isOver = false;
  #failure: ProxyError | undefined;

  constructor(reply: Reply, pull: Pull<T>) {
    this.#reply = reply;
    this.#pull = pull;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#failure) throw this.#failure;
    while (!this.#isOver) {
      const item = this.#batch[this.#taken];
      if (item !== undefined) {
        this.#taken += 1;
        return { done: false, value: item };
      }
      await this.#refill();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isOver = true;
    this.#reply.cancel(new ProxyError("canceled", "the reader left"));
    return { done: true, value: undefined };
  }

  async #refill(): Promise<void> {
    try {
      const batch = await this.#pull();
      this.#batch = batch ?? [];
      this.#taken = 0;
      this.#isOver ||= batch === undefined;
    } catch (reason) {
      this.#failure = ProxyError.from(reason);
      this.#reply.cancel(this.#failure);
      throw this.#failure;
    }
  }
}

function readStream({ frames }: FramesReply, dialect: Dialect): Pull<Part> {
  const reader = dialect.createStreamReader();
  return async () => {
    const { done, value } = await frames.next();
    return done ? undefined : reader.read(value);
  };
}

function readUnary({ frames }: FramesReply, dialect: Dialect): Pull<Part> {
  return once(async () => dialect.readReply(parseObject(Buffer.concat(await Array.fromAsync(frames)))));
}

function parseObject(bytes: Buffer): JsonObject {
  const json = parse(bytes.toString());
  if (isObject(json)) return json;
  throw new ProxyError("upstream_failed", "the provider's answer is not a json object");
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is no object either.
    return undefined;
  }
}

function writeStream(parts: AsyncIterator<Part>, options: FramesOptions): Pull<Uint8Array> {
  const { dialect, includeUsage, chat } = options;
  const writer = dialect.createStreamWriter({ includeUsage, chat });
  let hasEnded = false;
  return async () => {
    if (hasEnded) return undefined;
    const { done, value: part } = await parts.next();
    hasEnded = done === true;
    const text = done ? writer.end() : writer.write(dated(part, options.createdAt));
    return text === "" ? [] : [Buffer.from(text)];
  };
}

function writeUnary(parts: AsyncIterableIterator<Part>, options: FramesOptions): Pull<Uint8Array> {
  return once(async () => {
    const all = await condense(parts);
    const reply = options.dialect.writeReply(all.map((part) => dated(part, options.createdAt)));
    return [Buffer.from(JSON.stringify(reply))];
  });
}

/** A pull that has one batch. */
function once<T>(make: () => Promise<readonly T[]>): Pull<T> {
  let hasBeenMade = false;
  return async () => {
    if (hasBeenMade) return undefined;
    hasBeenMade = true;
    return make();
  };
}

function dated(part: Part, createdAt: Date | undefined): Part {
  return part.type === "start" && !part.createdAt && createdAt ? { ...part, createdAt } : part;
}
