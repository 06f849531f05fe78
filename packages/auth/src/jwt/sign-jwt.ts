/**
 * Signs a token.
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import { type JsonObject, ProxyError, Secret } from "@llmproxy/spec";
import { maxTokenLength } from "../token-text.ts";
import type { JwtAlgorithm } from "./algorithms.ts";

/** A token that has just been made. */
export interface IssuedJwt {
  /** The token itself. */
  readonly jwt: Secret;
  /** Its `jti`: a UUID, for records and logs. */
  readonly id: string;
  readonly expiresAt: Date;
}

/** What a token is signed with. */
export interface JwtSigner {
  readonly algorithm: JwtAlgorithm;
  readonly key: KeyObject;
  /** The key's `kid`; absent where there is only one. */
  readonly kid?: string;
}

/** @throws `invalid_request` (field `claims`) when the token would be longer than a header may be */
export async function signJwt(claims: JsonObject, { algorithm, key, kid }: JwtSigner): Promise<Secret> {
  // Loaded at first use: a server that issues no token does without.
  const { SignJWT } = await import("jose/jwt/sign");
  const header = { alg: algorithm, typ: "JWT", ...(kid !== undefined && { kid }) };
  const text = await new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);
  if (text.length > maxTokenLength)
    throw new ProxyError(
      "invalid_request",
      `claims make the token longer than ${maxTokenLength} characters`,
      { field: "claims" },
    );
  return new Secret(text);
}
