/**
 * The end of a reply, decided once.
 *
 * @module
 */

import type { ReplyEnd } from "@llmproxy/spec";

/** Tells listeners once how a reply ended. */
export interface ReplyEnding {
  /** How it ended; absent while it goes on. */
  readonly ended: ReplyEnd | undefined;
  /** Decides the end; only the first call counts. */
  end(end: ReplyEnd): void;
  /** Calls `listener` at the end, at once when it has come. */
  onEnd(listener: (end: ReplyEnd) => void): void;
}

/**
 * Makes the end of one reply. `ended` is a plain member: an accessor in a literal would give each object a
 * hidden class of its own, which V8 collects slowly.
 */
export function createReplyEnding(): ReplyEnding {
  const listeners: ((end: ReplyEnd) => void)[] = [];
  const ending: { -readonly [Name in keyof ReplyEnding]: ReplyEnding[Name] } = {
    ended: undefined,
    end(end) {
      if (ending.ended) return;
      ending.ended = end;
      for (const listener of listeners.splice(0)) listener(end);
    },
    onEnd(listener) {
      if (ending.ended) listener(ending.ended);
      else listeners.push(listener);
    },
  };
  return ending;
}
