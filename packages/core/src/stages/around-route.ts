/**
 * The stages an embedding application puts around `route`.
 *
 * @module
 */

import type { Call, ChatRequest, Stage } from "@llmproxy/spec";
import { compose } from "../compose.ts";

/**
 * Runs the stages in the place of one. Where they change what is said, the bytes the client sent no longer say it:
 * these are dropped, so that a vendor is never sent what a stage has taken out.
 *
 * @param stages - outermost first
 */
export function aroundRoute(stages: readonly Stage[] = []): Stage {
  if (stages.length === 0) return (next) => next;
  return (next) => {
    const asRead = new WeakMap<Call, ChatRequest>();
    const staged = compose(stages, (call) => {
      const { request } = call;
      if (request?.body && request.chat !== asRead.get(call)) {
        const { body: _asSent, ...rest } = request;
        call.request = rest;
      }
      return next(call);
    });
    return (call) => {
      if (call.request) asRead.set(call, call.request.chat);
      return staged(call);
    };
  };
}
