/**
 * Answers of the embedding application: for providers of its own, and for stages that answer themselves.
 *
 * @module
 */

import { createReplyEnding } from "@llmproxy/proxy-core";
import {
  type FinishReason,
  type Part,
  ProxyError,
  type Reply,
  type ReplyEnd,
  type Usage,
} from "@llmproxy/spec";

/** How an answer is given. */
export interface ReplyOptions {
  /** Whether it goes out as a stream: what the request asks for, `request.stream`. */
  readonly stream: boolean;
  /** Ends the answer: the call's signal. */
  readonly signal: AbortSignal;
}

/**
 * Makes a reply of parts.
 *
 * Generators are asked for the next part when the client has room for it, and told (`return()`) when nobody wants
 * more; one that waits for something of its own should mind the signal, but holds nobody up when it does not.
 *
 * @param parts - one `start`, then content, then a `finish` per choice, then at most one `usage`. What it throws ends the
 *   answer: a `ProxyError` as it is, anything else as `internal`. An end without a `finish` is a cut
 *
 * @example
 * ```ts
 * import { createReply, type Stage } from "@llmproxy/core";
 *
 * const closed: Stage = () => async ({ id, request, signal }) =>
 *   createReply(
 *     [
 *       { type: "start", id, model: "notice" },
 *       { type: "text-delta", choice: 0, text: "We are back at eight." },
 *       { type: "finish", choice: 0, reason: "stop" },
 *     ],
 *     { stream: request?.stream ?? false, signal },
 *   );
 * ```
 */
export function createReply(parts: Iterable<Part> | AsyncIterable<Part>, options: ReplyOptions): Reply {
  const own = new OwnParts(parts, options.signal);
  return {
    form: "parts",
    status: 200,
    headers: {},
    stream: options.stream,
    parts: own,
    onEnd: (listener) => own.onEnd(listener),
    cancel: (reason) => own.cancel(reason),
  };
}

/** An iterator by hand: leaving before the first part must end the reply too. */
class OwnParts implements AsyncIterableIterator<Part, undefined> {
  readonly #source: AsyncIterator<Part> | Iterator<Part>;
  readonly #signal: AbortSignal;
  readonly #ending = createReplyEnding();
  readonly #onAbort = (): void => this.cancel(ProxyError.from(this.#signal.reason));
  /** Wakes whoever waits for a part. */
  #wake: ((reason: ProxyError) => void) | undefined;
  #failure: ProxyError | undefined;
  #finishReason: FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(parts: Iterable<Part> | AsyncIterable<Part>, signal: AbortSignal) {
    this.#source = Symbol.asyncIterator in parts ? parts[Symbol.asyncIterator]() : parts[Symbol.iterator]();
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onEnd(listener: (end: ReplyEnd) => void): void {
    this.#ending.onEnd(listener);
  }

  cancel(reason: ProxyError): void {
    if (this.#ending.ended) return;
    this.#fail(reason);
    void this.#leave();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Part, undefined>> {
    if (this.#failure) throw this.#failure;
    if (this.#ending.ended) return { done: true, value: undefined };
    try {
      const next = await this.#pull();
      if (!next.done) return { done: false, value: this.#seen(next.value) };
    } catch (reason) {
      throw this.#fail(ProxyError.from(reason));
    }
    if (this.#finishReason === undefined)
      throw this.#fail(new ProxyError("upstream_cut", "the answer ended before it was finished"));
    this.#end({ outcome: "finished" });
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Part, undefined>> {
    this.cancel(new ProxyError("canceled", "the reader left"));
    return { done: true, value: undefined };
  }

  /** @throws what the source throws, or at once what the reply is ended with */
  #pull(): Promise<IteratorResult<Part>> {
    return new Promise((resolve, reject) => {
      this.#wake = reject;
      Promise.resolve(this.#source.next()).then(resolve, reject);
    });
  }

  #seen(part: Part): Part {
    if (part.type === "finish") this.#finishReason ??= part.reason;
    else if (part.type === "usage") this.#usage = part.usage;
    return part;
  }

  #fail(reason: ProxyError): ProxyError {
    if (this.#failure) return this.#failure;
    this.#failure = reason;
    this.#wake?.(reason);
    this.#end({ outcome: outcomes[reason.code] ?? "failed", error: reason });
    return reason;
  }

  #end(end: Pick<ReplyEnd, "outcome" | "error">): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#ending.end({
      ...end,
      ...(this.#usage && { usage: this.#usage }),
      ...(this.#finishReason && { finishReason: this.#finishReason }),
    });
  }

  async #leave(): Promise<void> {
    try {
      await this.#source.return?.();
    } catch {
      // The answer has ended for another reason, which everybody has been told.
    }
  }
}

/** The server that stops is, to a call, a reader that leaves. */
const outcomes: Readonly<Partial<Record<ProxyError["code"], ReplyEnd["outcome"]>>> = {
  canceled: "canceled",
  unavailable: "canceled",
  deadline_exceeded: "timed-out",
  upstream_cut: "upstream-cut",
};
