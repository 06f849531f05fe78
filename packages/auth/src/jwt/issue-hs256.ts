/**
 * Issues tokens signed with a secret that both sides know.
 *
 * For servers that have nothing but a shared secret. Whoever can verify such a token can also make one, so own
 * tokens are signed with a key pair (`jwt-issuer.ts`) and these stay with issuers that are configured by secret.
 *
 * @module
 */

import { createSecretKey, randomUUID } from "node:crypto";
import { type Clock, type JsonObject, ProxyError, type Secret } from "@llmproxy/spec";
import { checkSubject, checkTtl, issueTimes } from "./jwt-issuer.ts";
import { type IssuedJwt, signJwt } from "./sign-jwt.ts";
import { parseTokenLifetime } from "./token-lifetime.ts";

/** What a token is made from. */
export interface IssueHs256Options {
  /** At least 32 bytes. */
  readonly secret: Secret;
  /** What it has as `iss`. */
  readonly issuer: string;
  /** What it has as `aud`; none when absent. */
  readonly audience?: string;
  /** Whose token it is: 1–256 printable characters. */
  readonly subject: string;
  /** Its roles, in the words of its issuer; none when absent. */
  readonly roles?: readonly string[];
  /** The claim that holds the roles. Default `roles`. */
  readonly rolesClaim?: string;
  /** The id of its project; none when absent. */
  readonly projectId?: string;
  /** The claim that holds the project. Default `project`. */
  readonly projectClaim?: string;
  /** How long it is valid, in milliseconds: 1 s to 100 years. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

const minSecretBytes = 32;
const maxTtlMs = parseTokenLifetime("100y");

/**
 * Makes a token with `sub`, `iss`, `iat`, `exp` and `jti` (a UUID), and the other claims as far as they are given.
 *
 * @throws `invalid_request` (field `secret`, `subject`, `ttl` or `claims`)
 * @see RFC 7518 §3.2 (length of the secret)
 */
export async function issueHs256(options: IssueHs256Options): Promise<IssuedJwt> {
  const { issuer, audience, subject, ttlMs, clock } = options;
  const secret = Buffer.from(options.secret.reveal());
  if (secret.length < minSecretBytes)
    throw new ProxyError("invalid_request", `secret must have at least ${minSecretBytes} bytes`, {
      field: "secret",
    });
  checkSubject(subject);
  checkTtl(ttlMs, maxTtlMs);
  const id = randomUUID();
  const { iat, exp } = issueTimes(clock, ttlMs);
  const claims = {
    ...grantClaims(options),
    sub: subject,
    iss: issuer,
    ...(audience !== undefined && { aud: audience }),
    iat,
    exp,
    jti: id,
  };
  const jwt = await signJwt(claims, { algorithm: "HS256", key: createSecretKey(secret) });
  return { jwt, id, expiresAt: new Date(exp * 1000) };
}

/** What the bearer may do; never more than a claim of its own, whatever the claims are called. */
function grantClaims({
  roles,
  rolesClaim = "roles",
  projectId,
  projectClaim = "project",
}: IssueHs256Options): JsonObject {
  return {
    ...(roles && { [rolesClaim]: [...roles] }),
    ...(projectId !== undefined && { [projectClaim]: projectId }),
  };
}
