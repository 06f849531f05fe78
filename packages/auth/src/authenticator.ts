/**
 * Puts the ways to authenticate together.
 *
 * @module
 */

import { type Authenticator, type Principal, ProxyError } from "@llmproxy/spec";
import { apiKeyPrefix } from "./api-key.ts";
import { hasJwtShape } from "./jwt/decode-jwt.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";
import { refuseToken } from "./unauthenticated.ts";

/** Which ways there are; a token nobody is there for is refused. */
export interface AuthenticatorOptions {
  /** For tokens that begin as API keys do: `sk-llp-`. */
  readonly apiKeys?: TokenAuthenticator;
  /** For tokens of the shape of a JWT: three parts of base64url. */
  readonly jwts?: TokenAuthenticator;
  /** For every other token. */
  readonly management?: TokenAuthenticator;
}

/** Makes an authenticator that hands each token to whoever knows its kind. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { apiKeys, jwts, management } = options;
  const methodFor = (token: string): TokenAuthenticator | undefined => {
    if (token.startsWith(apiKeyPrefix)) return apiKeys;
    return hasJwtShape(token) ? jwts : management;
  };
  return {
    // No async function: each call of the path would wait for one more promise.
    authenticate(credentials, signal) {
      if (credentials.kind === "none") return Promise.reject(keyNeeded());
      const { token } = credentials;
      const method = methodFor(token.reveal());
      return method ? method.authenticate(token, signal) : Promise.reject(refuseToken("invalid_token"));
    },
  };
}

function keyNeeded(): ProxyError {
  return new ProxyError(
    "unauthenticated",
    "an api key is needed; send it as `authorization: Bearer <api key>`",
  );
}

const anonymous: Principal = Object.freeze({
  kind: "anonymous",
  id: "anonymous",
  roles: Object.freeze(["root", "key"] as const),
});

/** For servers whose authentication is switched off: whoever asks may do everything. */
export const anonymousAuthenticator: Authenticator = Object.freeze({ authenticate: async () => anonymous });
