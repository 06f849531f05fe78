/**
 * Recognises the management token: the one secret that opens the control plane.
 *
 * @module
 */

import { hash, timingSafeEqual } from "node:crypto";
import { type Principal, ProxyError, type Secret } from "@llmproxy/spec";
import { apiKeyPrefix } from "./api-key.ts";
import { hasJwtShape } from "./jwt/decode-jwt.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";
import { isTokenText } from "./token-text.ts";
import { refuseToken } from "./unauthenticated.ts";

const minTokenLength = 16;

const root: Principal = Object.freeze({
  kind: "management",
  id: "management",
  roles: Object.freeze(["root"] as const),
});

/**
 * Makes the authenticator of the management token. Tokens are compared by their SHA-256 in constant time, so
 * that neither content nor length shows in the time it takes.
 *
 * @param token - 16–8192 visible ASCII characters, not beginning as an API key does and not
 *   of the shape of a JWT
 * @throws `invalid_request` (field `auth.management_token`) when the token is none that could be used safely
 */
export function createManagementAuthenticator(token: Secret): TokenAuthenticator {
  checkManagementToken(token.reveal());
  const expected = digest(token);
  return {
    async authenticate(presented) {
      if (!timingSafeEqual(digest(presented), expected)) throw refuseToken("invalid_token");
      return root;
    },
  };
}

function checkManagementToken(text: string): void {
  if (text.length < minTokenLength) throw invalid(`has at least ${minTokenLength} characters`);
  if (!isTokenText(text))
    throw invalid("has only visible ASCII characters, no blanks, and at most 8192 of them");
  if (text.startsWith(apiKeyPrefix)) throw invalid(`does not begin with ${apiKeyPrefix}, as api keys do`);
  if (hasJwtShape(text))
    throw invalid("is not three parts of letters and digits with dots between, as JWTs are");
}

function invalid(rule: string): ProxyError {
  const field = "auth.management_token";
  return new ProxyError("invalid_request", `${field} must be a token that ${rule}`, { field });
}

function digest(token: Secret): Buffer {
  return hash("sha256", token.reveal(), "buffer");
}
