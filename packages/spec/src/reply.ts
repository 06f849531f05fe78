/**
 * What a call is answered with.
 *
 * @module
 */

import type { DialectName } from "./dialect.ts";
import type { ProxyError } from "./error.ts";
import type { FinishReason, Part } from "./part.ts";
import type { Usage } from "./usage.ts";

/**
 * How a call ended; exactly one of these, decided once.
 *
 * `finished`: the model completed its answer. `canceled`: the client left or the server shut down.
 * `upstream-cut`: the upstream broke off after its first output. `timed-out`: a deadline of ours passed.
 * `refused`: we said no before any upstream was asked. `failed`: anything else.
 */
export type Outcome = "finished" | "canceled" | "upstream-cut" | "timed-out" | "refused" | "failed";

/** The end of a reply. */
export interface ReplyEnd {
  readonly outcome: Exclude<Outcome, "refused">;
  /** What was used: as the upstream told, else estimated from what passed; absent when nothing passed. */
  readonly usage?: Usage;
  /** Why the model stopped, of the first choice. */
  readonly finishReason?: FinishReason;
  /** The failure, unless the outcome is `finished`. */
  readonly error?: ProxyError;
}

/** What both forms of a reply share. */
export interface ReplyBase {
  /** HTTP status to answer with. */
  readonly status: number;
  /** Response headers that may be passed on: lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the answer is a stream; else the body is a single frame, or the parts come at once. */
  readonly stream: boolean;
  /**
   * Calls `listener` exactly once when the reply has ended, in whichever way; at once when it already has.
   * Listeners must not throw.
   */
  onEnd(listener: (end: ReplyEnd) => void): void;
  /**
   * Ends the reply early and releases what it holds upstream before returning. The iterator then throws
   * `reason`. A second call, or one after the end, does nothing.
   */
  cancel(reason: ProxyError): void;
}

/** An answer as bytes of a wire format. */
export interface FramesReply extends ReplyBase {
  readonly form: "frames";
  readonly dialect: DialectName;
  /**
   * Each element holds one or more whole frames (of a stream) or the whole body (unary). Iterated at most
   * once; throws a `ProxyError` when the answer is cut. Whoever holds it iterates to the end or calls `cancel`.
   */
  readonly frames: AsyncIterableIterator<Uint8Array>;
}

/** An answer as parts. */
export interface PartsReply extends ReplyBase {
  readonly form: "parts";
  /** Iterated at most once; throws a `ProxyError` when the answer is cut. Whoever holds it iterates to the end or calls `cancel`. */
  readonly parts: AsyncIterableIterator<Part>;
}

/** An answer: frames go through where both sides speak one dialect, parts where somebody must look inside. */
export type Reply = FramesReply | PartsReply;
