/**
 * Decides who is calling and whether they may; sees headers only.
 *
 * @module
 */

import { authorize } from "@llmproxy/auth";
import type { Authenticator, Stage } from "@llmproxy/spec";

/** @param authenticator - tells who presented the call's credentials */
export function admit(authenticator: Authenticator): Stage {
  return (next) => async (call) => {
    if (call.refusal) throw call.refusal;
    // Code in this process has said who it is.
    call.principal ??= await authenticator.authenticate(call.credentials, call.signal);
    authorize(call.principal, call.permission);
    return next(call);
  };
}
