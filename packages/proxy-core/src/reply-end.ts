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

/** Makes the end of one reply. */
export function createReplyEnding(): ReplyEnding {
  const listeners: ((end: ReplyEnd) => void)[] = [];
  let ended: ReplyEnd | undefined;
  return {
    get ended() {
      return ended;
    },
    end(end) {
      if (ended) return;
      ended = end;
      for (const listener of listeners.splice(0)) listener(end);
    },
    onEnd(listener) {
      if (ended) listener(ended);
      else listeners.push(listener);
    },
  };
}
