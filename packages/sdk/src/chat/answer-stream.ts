/**
 * An answer that is read as it comes, and told whole in the end.
 *
 * @module
 */

import type { StreamCompleteResponse } from "@llmproxy/proto";
import { LlmProxyError } from "../error.ts";
import type { Answer } from "./answer.ts";
import { AnswerDraft } from "./answer-draft.ts";

/**
 * The elements of an answer as they come. The model is asked when the first one is read, and stops when the reader
 * leaves. Elements are fetched as fast as they are read.
 */
export interface AnswerStream<T> extends AsyncIterableIterator<T, undefined> {
  /**
   * The whole answer. Reads what has not been read yet.
   *
   * @throws `LlmProxyError` when the answer did not come to its end
   */
  result(): Promise<Answer>;
}

/** What a stream is made from. */
export interface AnswerStreamOptions<T> {
  readonly source: AsyncIterableIterator<StreamCompleteResponse, undefined>;
  /** What a piece is to the reader; undefined to leave it out. */
  readonly read: (piece: StreamCompleteResponse) => T | undefined;
  /** Whether a schema was asked for. */
  readonly wantsJson: boolean;
}

/** Makes a stream. */
export function createAnswerStream<T>(options: AnswerStreamOptions<T>): AnswerStream<T> {
  return new ReadAnswer(options);
}

class ReadAnswer<T> implements AnswerStream<T> {
  readonly #options: AnswerStreamOptions<T>;
  readonly #draft = new AnswerDraft();
  #end: { readonly error?: unknown } | undefined;

  constructor(options: AnswerStreamOptions<T>) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { read } = this.#options;
    for (let piece = await this.#pull(); piece; piece = await this.#pull()) {
      const value = read(piece);
      if (value !== undefined) return { done: false, value };
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end ??= { error: new LlmProxyError("canceled", "the answer was not read to its end") };
    await this.#options.source.return?.();
    return { done: true, value: undefined };
  }

  async result(): Promise<Answer> {
    while (await this.#pull());
    if (this.#end?.error !== undefined) throw this.#end.error;
    return this.#draft.answer(this.#options.wantsJson);
  }

  async #pull(): Promise<StreamCompleteResponse | undefined> {
    if (this.#end) return undefined;
    try {
      const { value } = await this.#options.source.next();
      if (value) this.#draft.add(value);
      else this.#end ??= {};
      return value;
    } catch (error) {
      this.#end ??= { error };
      throw error;
    }
  }
}
