/**
 * The end of a call, seen by the stages that account for it.
 *
 * @module
 */

import { type Call, type Handler, type Outcome, ProxyError, type ReplyEnd } from "@llmproxy/spec";

/** How a call ended: as its reply did, or with an error instead of a reply. */
export interface CallEnd extends Omit<ReplyEnd, "outcome"> {
  readonly outcome: Outcome;
}

/**
 * Tells `listener` exactly once how the call ended, whether there was a reply or not.
 *
 * @param next - the rest of the path
 * @param listener - must not throw
 */
export function observeEnd(next: Handler, listener: (call: Call, end: CallEnd) => void): Handler {
  return async (call) => {
    try {
      const reply = await next(call);
      reply.onEnd((end) => listener(call, end));
      return reply;
    } catch (reason) {
      const error = ProxyError.from(reason);
      listener(call, { outcome: outcomeOf(error, call), error });
      throw error;
    }
  };
}

function outcomeOf(error: ProxyError, call: Call): Outcome {
  switch (error.code) {
    case "canceled":
      return "canceled";
    case "deadline_exceeded":
      return "timed-out";
    case "upstream_cut":
      return "upstream-cut";
    case "internal":
      return "failed";
    default:
      // Before the first attempt nobody but us can have said no.
      return call.attempts.length === 0 ? "refused" : "failed";
  }
}
