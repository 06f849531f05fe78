/**
 * The end of the path: which target answers.
 *
 * @module
 */

import type { Attempt, Call, Handler, ReplyEnd } from "@llmproxy/spec";
import { createTargetWalk, type RouterOptions } from "./walk-targets.ts";

/**
 * Makes the handler that calls a model. It stands after the `read` stage: the call has a request.
 *
 * Targets are tried as the picker says, each at most once, until one gives its first output; after that a
 * failure is the reply's. The call's `route`, `attempts` and `phase` are kept up to date. When all targets have
 * failed, the client is told the failure that says when to come back, else a vendor's own answer, else the last.
 *
 * @throws `model_not_found` when the model's name means nothing
 * @throws the signal's reason when it aborted before the first output
 */
export function createRouter(options: RouterOptions): Handler {
  const walk = createTargetWalk(options);
  return (call) =>
    walk.run(call, async (attempt) => {
      const reply = await attempt.provider.call(attempt.call);
      attempt.noteOutput();
      call.phase = "streaming";
      reply.onEnd((end) => attempt.close(attemptOutcome(call, end), end.error));
      return reply;
    });
}

function attemptOutcome(call: Call, { outcome }: ReplyEnd): NonNullable<Attempt["outcome"]> {
  if (outcome === "finished") return "succeeded";
  return outcome === "canceled" || call.signal.aborted ? "canceled" : "failed";
}
