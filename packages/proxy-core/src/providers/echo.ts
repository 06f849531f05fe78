/**
 * A provider that answers by itself, with the last user message: to try everything out without an account.
 *
 * @module
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type Clock,
  type FinishReason,
  noUsage,
  type Part,
  type PartsReply,
  type Provider,
  ProxyError,
  type ReplyEnd,
  systemClock,
} from "@llmproxy/spec";
import { cancelOutcome } from "../relay/reply-outcome.ts";
import { createReplyEnding, type ReplyEnding } from "../reply-end.ts";
import { createEchoAnswer, type EchoAnswer, maxWords } from "./echo-answer.ts";

/** What the echo provider is configured with. */
export interface EchoProviderOptions {
  /** The configured name; unique. */
  readonly name: string;
  /** How long to wait before the answer begins; default 0. */
  readonly delayMs?: number | undefined;
  /** How long to wait before each further word; default 0. */
  readonly chunkDelayMs?: number | undefined;
  /** How many words to answer with, 1 … 100,000; as many as the message has when absent. */
  readonly tokens?: number | undefined;
  /** Default: this machine's. */
  readonly clock?: Clock | undefined;
}

const maxDelayMs = 2 ** 31 - 1;

/**
 * Makes the provider. It has one model, `echo`, but answers for any.
 *
 * The answer is the text of the last user message. `stop`, `max_tokens` and `n` are observed; where the request
 * insists on a tool, the answer is a call of it whose required arguments hold that text. Words are counted as
 * tokens, also those of an answer that is broken off. A request whose choices together would have more than 100,000
 * words is refused.
 *
 * @throws `invalid_request` (field `delay_ms`, `chunk_delay_ms` or `tokens`) for what cannot be used
 */
export function createEchoProvider(options: EchoProviderOptions): Provider {
  const { name, delayMs = 0, chunkDelayMs = 0, tokens, clock = systemClock } = options;
  checkRange("delay_ms", delayMs, 0, maxDelayMs);
  checkRange("chunk_delay_ms", chunkDelayMs, 0, maxDelayMs);
  if (tokens !== undefined) checkRange("tokens", tokens, 1, maxWords);
  return {
    name,
    kind: "echo",
    async call(call) {
      const { id, model, request, signal } = call;
      signal.throwIfAborted();
      const createdAt = new Date(clock.now());
      const answer = createEchoAnswer({ chat: request.chat, id: `echo-${id}`, model, createdAt, tokens });
      call.onPhase("connecting");
      call.onPhase("headers");
      if (delayMs > 0) await clock.sleep(delayMs, signal);
      return createEchoReply({ answer, stream: request.stream, chunkDelayMs, clock, signal });
    },
    models: () => [{ id: "echo", provider: name, aliases: [] }],
    // There is nothing to close.
    close: async () => {},
  };
}

function checkRange(field: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ProxyError("invalid_request", `${field}: expected an integer from ${min} to ${max}`, { field });
}

interface EchoReplyOptions {
  readonly answer: EchoAnswer;
  readonly stream: boolean;
  readonly chunkDelayMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function createEchoReply(options: EchoReplyOptions): PartsReply {
  const parts = new EchoParts(options);
  return {
    form: "parts",
    status: 200,
    headers: {},
    stream: options.stream,
    parts,
    onEnd: (listener) => parts.onEnd(listener),
    cancel: (reason) => parts.cancel(reason),
  };
}

/** An iterator by hand: leaving before the first part must end the reply too. */
class EchoParts implements AsyncIterableIterator<Part> {
  readonly #options: EchoReplyOptions;
  readonly #ending: ReplyEnding = createReplyEnding();
  readonly #stop = new AbortController();
  readonly #onAbort = (): void => this.cancel(ProxyError.from(this.#options.signal.reason));
  #words = 0;
  #finishReason: FinishReason | undefined;
  #failure: ProxyError | undefined;

  constructor(options: EchoReplyOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onEnd(listener: (end: ReplyEnd) => void): void {
    this.#ending.onEnd(listener);
  }

  cancel(reason: ProxyError): void {
    if (this.#ending.ended) return;
    this.#failure = reason;
    this.#end({ outcome: cancelOutcome(reason), error: reason });
    this.#stop.abort(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Part, undefined>> {
    if (this.#failure) throw this.#failure;
    const { value: part } = this.#options.answer.parts.next();
    if (!part) {
      this.#end({ outcome: "finished" });
      return { done: true, value: undefined };
    }
    if (isWord(part)) await this.#waitForWord();
    else if (part.type === "finish") this.#finishReason ??= part.reason;
    return { done: false, value: part };
  }

  async return(): Promise<IteratorResult<Part, undefined>> {
    this.cancel(new ProxyError("canceled", "the reader left"));
    return { done: true, value: undefined };
  }

  /** @throws the reason when the reply is ended meanwhile */
  async #waitForWord(): Promise<void> {
    const { chunkDelayMs, clock } = this.#options;
    if (this.#words > 0 && chunkDelayMs > 0) await clock.sleep(chunkDelayMs, this.#stop.signal);
    else if (this.#words % wordsPerTurn === wordsPerTurn - 1) await nextTurn();
    if (this.#failure) throw this.#failure;
    this.#words += 1;
  }

  #end(end: Pick<ReplyEnd, "outcome" | "error">): void {
    if (this.#ending.ended) return;
    const { signal, answer } = this.#options;
    signal.removeEventListener("abort", this.#onAbort);
    const usage = { ...noUsage, inputTokens: answer.inputTokens, outputTokens: this.#words };
    const finishReason = this.#finishReason;
    this.#ending.end({ ...end, usage, ...(finishReason ? { finishReason } : {}) });
  }
}

/** A long answer without delays must not keep the rest of the process, or an abort, waiting. */
const wordsPerTurn = 256;

function isWord({ type }: Part): boolean {
  return type === "text-delta" || type === "tool-call-delta";
}
