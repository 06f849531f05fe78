/**
 * Relaying an answer that comes as a stream.
 *
 * Whole frames go through as they are; nothing is parsed here and at most one incomplete frame is held. Two
 * things are not passed on before they are known to be true: the frame that says the answer is complete, and a
 * failure the vendor reports in the middle, which the edge writes instead.
 *
 * @module
 */

import { type FramesReply, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import type { FrameObserver, StreamEnd } from "../dialects/dialect.ts";
import { cutError } from "../http/upstream-error.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { defined } from "../json/value.ts";
import { createReplyEnding, type ReplyEnding } from "../reply-end.ts";
import { createFrameSplitter, type FrameSplitter } from "../sse/split.ts";
import { estimateUsage } from "./estimate-usage.ts";
import type { RelayReplyOptions } from "./relay.ts";
import { cancelOutcome, failureOutcome } from "./reply-outcome.ts";
import { passedHeaders } from "./response-headers.ts";
import { scrubError } from "./scrub.ts";
import { readNoStream } from "./vendor-failure.ts";

const mebibyte = 1_048_576;
/** One frame may carry a picture, not a film. */
const maxFrameBytes = 8 * mebibyte;
/** What may come before the first output: comments, in practice. */
const maxPreludeBytes = mebibyte;
/** How long an upstream that has said it is done may take to end the HTTP answer. */
const endGraceMs = 1_000;

/**
 * Reads up to the first output, then passes frames on as they are asked for.
 *
 * @throws the error the vendor reports in JSON instead of a stream
 * @throws `upstream_failed` when the answer is not an event stream, begins with an error event, or has a frame
 *   over 8 MiB
 * @throws `upstream_cut` when it ends before its first output
 * @throws what {@link UpstreamResponse.read} throws
 */
export async function relayStream(
  response: UpstreamResponse,
  options: RelayReplyOptions,
): Promise<FramesReply> {
  const type = response.headers["content-type"];
  if (type !== undefined && !type.toLowerCase().startsWith("text/event-stream"))
    throw await readNoStream(response, options);
  const relay = new StreamRelay(response, options);
  await relay.begin();
  return {
    form: "frames",
    status: response.status,
    headers: passedHeaders(response.headers),
    stream: true,
    dialect: options.dialect.name,
    frames: relay,
    onEnd: (listener) => relay.onEnd(listener),
    cancel: (reason) => relay.cancel(reason),
  };
}

/** An iterator by hand: a generator that has not started would not notice that its reader left. */
class StreamRelay implements AsyncIterableIterator<Uint8Array> {
  readonly #response: UpstreamResponse;
  readonly #options: RelayReplyOptions;
  readonly #splitter: FrameSplitter;
  readonly #observer: FrameObserver;
  readonly #streamEnd: StreamEnd;
  readonly #ending: ReplyEnding = createReplyEnding();
  /** Frames up to the first output, to be delivered first. */
  #prelude: Uint8Array[] = [];
  #isTerminated = false;
  #hasEnded = false;
  #vendorError: ProxyError | undefined;
  #failure: ProxyError | undefined;

  constructor(response: UpstreamResponse, options: RelayReplyOptions) {
    const { dialect, dropUsage } = options;
    this.#response = response;
    this.#options = options;
    this.#splitter = createFrameSplitter({ maxFrameBytes });
    this.#observer = dialect.createFrameObserver({ dropUsage });
    this.#streamEnd = dialect.streamEnd;
  }

  /** Reads until there is output to deliver. */
  async begin(): Promise<void> {
    let size = 0;
    while (!this.#observer.observation.hasOutput && !this.#hasEnded) {
      const frames = await this.#step();
      if (this.#vendorError) throw this.#vendorError;
      if (!frames) break;
      this.#prelude.push(frames);
      size += frames.length;
      if (size > maxPreludeBytes && !this.#observer.observation.hasOutput)
        throw new ProxyError("upstream_failed", `provider "${this.#options.provider}" sent no output`);
    }
    this.#response.onFailure((error) => this.#onFailure(error));
  }

  onEnd(listener: (end: ReplyEnd) => void): void {
    this.#ending.onEnd(listener);
  }

  cancel(reason: ProxyError): void {
    if (this.#hasEnded) return;
    this.#end(cancelOutcome(reason), reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#failure) throw this.#failure;
    const first = this.#prelude.shift();
    if (first) return { done: false, value: first };
    if (this.#hasEnded) return { done: true, value: undefined };
    try {
      const frames = await this.#step();
      return frames ? { done: false, value: frames } : { done: true, value: undefined };
    } catch (reason) {
      const error = ProxyError.from(reason);
      this.#end(failureOutcome(error), error);
      throw this.#failure ?? error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel(new ProxyError("canceled", "the reader left"));
    return { done: true, value: undefined };
  }

  /** The next frames to deliver; undefined at the end of a complete answer. */
  async #step(): Promise<Uint8Array | undefined> {
    while (!this.#hasEnded) {
      if (this.#vendorError) throw this.#vendorError;
      const chunk = this.#isTerminated ? await this.#awaitEnd() : await this.#response.read();
      const frames = chunk ? this.#pass(chunk) : this.#finish();
      if (frames.length > 0) return frames;
    }
    return undefined;
  }

  /** What of the whole frames in this chunk may be delivered now. */
  #pass(chunk: Buffer): Uint8Array {
    const frames = this.#splitter.push(chunk);
    if (!frames) return nothing;
    const passed = this.#observer.observe(this.#beforeTerminator(frames));
    const { error } = this.#observer.observation;
    // What came before the error is output.
    if (error) this.#vendorError = scrubError(error, this.#options.scrub);
    return passed;
  }

  /** The frames without the terminator and what follows it: it is written once, when the answer has ended. */
  #beforeTerminator(frames: Uint8Array): Uint8Array {
    const end = this.#streamEnd.find(frames);
    if (end < 0) return frames;
    this.#isTerminated = true;
    return frames.subarray(0, end);
  }

  /** Waits for the HTTP end after the terminator. An upstream that leaves its connection open has still said it all. */
  async #awaitEnd(): Promise<undefined> {
    const timer = this.#options.clock.schedule(endGraceMs, () => this.#response.destroy());
    try {
      while (await this.#response.read());
    } finally {
      timer.cancel();
    }
  }

  /** The HTTP answer has ended: only if the answer itself is complete, the client is told so. */
  #finish(): Uint8Array {
    if (!this.#isComplete()) throw cutError(this.#options.provider, "before its answer was complete");
    this.#end("finished");
    return Buffer.from(this.#streamEnd.frame);
  }

  #isComplete(): boolean {
    const { finishReason, openChoices } = this.#observer.observation;
    if (finishReason === undefined) return false;
    if (!this.#isTerminated && this.#splitter.remaining() > 0) {
      // A terminator says what it has to say also without the blank line.
      const held = this.#splitter.push(blankLine);
      this.#isTerminated = held !== undefined && this.#streamEnd.find(held) === 0;
      return this.#isTerminated;
    }
    return this.#isTerminated || (openChoices === 0 && !this.#streamEnd.isRequired);
  }

  /** Deadlines and aborts end the reply at once; a cut only when the reader has come to it. */
  #onFailure(error: ProxyError): void {
    if (this.#options.signal.aborted) this.#end(cancelOutcome(error), error);
    else if (error.code !== "upstream_cut") this.#end(failureOutcome(error), error);
  }

  #end(outcome: ReplyEnd["outcome"], error?: ProxyError): void {
    if (this.#hasEnded) return;
    // Decided before the exchange is destroyed, which reports a failure in its turn.
    this.#hasEnded = true;
    if (error) {
      this.#failure = error;
      this.#prelude = [];
      this.#response.destroy(error);
    }
    const { usage, finishReason, outputBytes } = this.#observer.observation;
    this.#ending.end(
      defined({
        outcome,
        usage: usage ?? estimateUsage(this.#options.chat, outputBytes),
        finishReason,
        error,
      }),
    );
  }
}

const blankLine = Buffer.from("\n\n");
const nothing = new Uint8Array();
