/**
 * Reads the request once the caller is known, and checks that the model is theirs to ask for.
 *
 * @module
 */

import { mayUseModel } from "@llmproxy/auth";
import { ProxyError, type Stage } from "@llmproxy/spec";

/** The stage; what is read and how depends on the edge the call came in by. */
export function read(): Stage {
  return (next) => async (call) => {
    if (!call.read || !call.principal)
      throw new ProxyError("internal", "internal error", { cause: new Error("read before admit") });
    call.request = await call.read(call.signal);
    const { model } = call.request;
    if (!mayUseModel(call.principal, model))
      throw new ProxyError("model_not_allowed", `this key may not use the model ${JSON.stringify(model)}`, {
        field: "model",
      });
    return next(call);
  };
}
