/**
 * The one way to say that credentials are not good.
 *
 * Whoever tries keys must not learn from the answer which part was wrong, so every refusal of a presented
 * token carries the same message. What it was goes into `reason`, for the log and for surfaces whose
 * contract names it.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** Why a presented token is refused. */
export type TokenRefusal = "token_not_found" | "token_inactive" | "token_expired" | "invalid_token";

const notValid = "the api key or token is not valid; send an active one as `authorization: Bearer <api key>`";

/** The refusal of a token, whatever is wrong with it. */
export function refuseToken(reason: TokenRefusal): ProxyError {
  return new ProxyError("unauthenticated", notValid, { reason });
}
