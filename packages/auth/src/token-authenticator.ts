/**
 * One way to authenticate a token.
 *
 * @module
 */

import type { Principal, Secret } from "@llmproxy/spec";

/** Tells whose token it is. */
export interface TokenAuthenticator {
  /**
   * @throws `unauthenticated` when the token is not valid: always the same message; `reason` tells the log why
   * @throws `unavailable` when it cannot be known now
   */
  authenticate(token: Secret, signal: AbortSignal): Promise<Principal>;
}
