/**
 * A reply that is known at once.
 *
 * @module
 */

import { createReplyEnding } from "@llmproxy/proxy-core";
import type { DialectName, FramesReply, JsonObject, ProxyError } from "@llmproxy/spec";

/**
 * Makes a unary reply of one JSON body. It ends as `finished` when the body has been taken.
 *
 * @param dialect - the surface it belongs to
 */
export function jsonReply(json: JsonObject, dialect: DialectName): FramesReply {
  const ending = createReplyEnding();
  const bytes = Buffer.from(JSON.stringify(json));
  let failure: ProxyError | undefined;
  return {
    form: "frames",
    dialect,
    status: 200,
    headers: {},
    stream: false,
    onEnd: ending.onEnd,
    cancel(reason) {
      if (ending.ended) return;
      failure = reason;
      ending.end({ outcome: "canceled", error: reason });
    },
    frames: {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        if (failure) throw failure;
        if (ending.ended) return { done: true, value: undefined };
        ending.end({ outcome: "finished" });
        return { done: false, value: bytes };
      },
      async return() {
        ending.end({ outcome: "finished" });
        return { done: true, value: undefined };
      },
    },
  };
}
