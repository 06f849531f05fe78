/**
 * Building one handler from stages.
 *
 * @module
 */

import type { Handler, Stage } from "@llmproxy/spec";

/**
 * Wraps `last` in the stages; the first stage is the outermost.
 *
 * @param stages - outermost first
 * @param last - what answers the call
 */
export function compose(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next), last);
}
