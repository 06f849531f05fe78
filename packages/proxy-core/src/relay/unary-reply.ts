/**
 * A reply whose whole body is already here.
 *
 * @module
 */

import { type DialectName, type FramesReply, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import { createReplyEnding } from "../reply-end.ts";
import { cancelOutcome } from "./reply-outcome.ts";

/** What a {@link createUnaryReply} is made from. */
export interface UnaryReplyOptions {
  readonly status: number;
  /** Headers that may be passed on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dialect: DialectName;
  readonly body: Uint8Array;
  /** How the reply ends once the body is taken. */
  readonly end: ReplyEnd;
}

/** Makes a reply of one frame. It ends when that is taken. */
export function createUnaryReply({ status, headers, dialect, body, end }: UnaryReplyOptions): FramesReply {
  const ending = createReplyEnding();
  let failure: ProxyError | undefined;
  const cancel = (reason: ProxyError): void => {
    if (ending.ended) return;
    failure = reason;
    ending.end({ ...end, outcome: cancelOutcome(reason), error: reason });
  };
  const frames: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => frames,
    async next() {
      if (failure) throw failure;
      if (ending.ended) return { done: true, value: undefined };
      ending.end(end);
      return { done: false, value: body };
    },
    async return() {
      cancel(new ProxyError("canceled", "the reader left"));
      return { done: true, value: undefined };
    },
  };
  return { form: "frames", status, headers, stream: false, dialect, frames, onEnd: ending.onEnd, cancel };
}
