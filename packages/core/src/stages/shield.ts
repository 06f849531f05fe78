/**
 * Keeps the process alive: refuses before anything is read.
 *
 * @module
 */

import type { Shield } from "@llmproxy/ratelimit";
import { ProxyError, type Stage } from "@llmproxy/spec";
import { observeEnd } from "../call-end.ts";

/** @param shield - decides by address, concurrency and load; told about failed authentications */
export function shield(shield: Shield): Stage {
  return (next) => (call) => {
    const decision = shield.enter(call.clientAddress);
    if (!decision.admitted) return Promise.reject(decision.error);
    const admitted = observeEnd(next, (_call, end) => {
      decision.leave();
      if (call.clientAddress !== undefined && isFailedLogin(end.error))
        shield.recordRefusal(call.clientAddress);
    });
    return admitted(call);
  };
}

/** A request without credentials is a mistake; one with wrong credentials may be a guess. */
function isFailedLogin(error: ProxyError | undefined): boolean {
  return ProxyError.is(error) && error.code === "unauthenticated" && error.reason !== undefined;
}
