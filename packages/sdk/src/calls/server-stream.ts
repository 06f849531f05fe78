/**
 * A stream of answers that is opened by the first `next` and stops upstream as soon as its reader leaves.
 *
 * An iterator by hand: `return()` on a generator that waits for its source is only heard when the source has
 * answered, and then nobody would break off what waits.
 *
 * @module
 */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { CallScope } from "./call-scope.ts";
import { readFailure } from "./failure.ts";

/** A stream that has been opened. */
export interface OpenedStream<T> {
  readonly first: IteratorResult<T, unknown>;
  readonly messages: AsyncIterator<T>;
  readonly trailer: Headers;
}

/** What a stream is made from. */
export interface ServerStreamOptions<T> {
  /** Begins the call. */
  readonly begin: () => CallScope;
  /** Opens the stream and reads its first message; until then it may be tried again. */
  readonly open: (scope: CallScope) => Promise<OpenedStream<T>>;
  readonly onTrailer: ((trailer: Headers) => void) | undefined;
}

/** Messages as they come. Read once, one `next` at a time. */
export class ServerStream<O extends DescMessage>
  implements AsyncIterableIterator<MessageShape<O>, undefined>
{
  readonly #options: ServerStreamOptions<MessageShape<O>>;
  #scope: CallScope | undefined;
  #opened: OpenedStream<MessageShape<O>> | undefined;
  #isOver = false;

  constructor(options: ServerStreamOptions<MessageShape<O>>) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws `LlmProxyError` when there is no answer, or no more of it */
  async next(): Promise<IteratorResult<MessageShape<O>, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    this.#scope ??= this.#options.begin();
    const scope = this.#scope;
    try {
      const result = await this.#read(scope);
      if (!result.done) return result;
      this.#end();
      if (this.#opened) this.#options.onTrailer?.(this.#opened.trailer);
      return { done: true, value: undefined };
    } catch (reason) {
      this.#end();
      // What ended the call says more than what the transport makes of it.
      throw scope.signal.aborted ? scope.signal.reason : readFailure(reason, scope.requestId).error;
    }
  }

  async #read(scope: CallScope): Promise<IteratorResult<MessageShape<O>, unknown>> {
    if (this.#opened) return this.#opened.messages.next();
    this.#opened = await this.#options.open(scope);
    return this.#opened.first;
  }

  /** Stops the stream, also upstream. */
  async return(): Promise<IteratorResult<MessageShape<O>, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    this.#scope?.cancel("the answer is not wanted any more");
    this.#end();
    // Connect's streams know no `return`: they let go by their signal, and clear up when they are next read.
    this.#opened?.messages.next().catch(() => undefined);
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#scope?.end();
  }
}
