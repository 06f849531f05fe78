/**
 * Issues tokens signed with our own key, and publishes what they are verified with.
 *
 * Keys form a ring: the first signs, all are published and accepted. A new key goes in front, and the old one stays
 * until its last token has expired, so nobody notices the change.
 *
 * @see RFC 7519 (JWT), RFC 7517 (JWK set), RFC 8725 (best current practices)
 * @module
 */

import { randomUUID } from "node:crypto";
import { type Clock, type JsonObject, type Principal, ProxyError, type Role } from "@llmproxy/spec";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import { defaultMaxTtlMs, isSubject } from "./claim-rules.ts";
import { checkGrant, type Grant } from "./grant.ts";
import type { PublicJwkSet } from "./public-jwk.ts";
import { type IssuedJwt, signJwt } from "./sign-jwt.ts";
import type { SigningKey } from "./signing-key.ts";

/** How tokens are issued. */
export interface JwtIssuerOptions {
  /** At least one; the first signs. */
  readonly keys: readonly SigningKey[];
  /** What the tokens have as `iss`. */
  readonly issuer: string;
  /** What they have as `aud`. */
  readonly audience: string;
  /** How long a token is valid where nothing else is asked for, in milliseconds; at least 1 s. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** What a token is to say. */
export interface JwtGrant extends Grant {
  /** Who asks for it: nobody grants more than they have. That they may issue tokens at all is checked before. */
  readonly grantor: Principal;
  /** Whose token it is: 1–256 printable characters. */
  readonly subject: string;
  /** How long it is valid, in milliseconds, 1 s at least; at most 24 h or the configured time, whichever is longer. */
  readonly ttlMs?: number;
  /** Further claims; none that has a meaning here. */
  readonly claims?: JsonObject;
}

/** Issues tokens. */
export interface JwtIssuer {
  /**
   * Makes a token with `sub`, `iss`, `aud`, `iat`, `exp`, `jti`, `roles` and `project`.
   *
   * @throws `invalid_request` (field `subject`, `roles`, `roles[n]`, `ttl`, `project_id`, `claims` or `claims.x`)
   * @throws `permission_denied` for roles or a project beyond the grantor's own
   */
  issue(grant: JwtGrant): Promise<IssuedJwt>;
  /** The public keys, for `/.well-known/jwks.json`. */
  jwks(): PublicJwkSet;
  /** What makes an authenticator accept the tokens. */
  accepted(): AcceptedIssuer;
}

const minTtlMs = 1_000;
const reservedClaims = new Set(["sub", "iss", "aud", "iat", "nbf", "exp", "jti", "roles", "project"]);

/** Roles are called what they are. */
const ownRoles: Readonly<Record<string, Role>> = Object.freeze({
  owner: "owner",
  admin: "admin",
  operator: "operator",
  billing: "billing",
  auditor: "auditor",
  member: "member",
  key: "key",
});

/** @throws `invalid_request` (field `keys`) when there is no key */
export function createJwtIssuer(options: JwtIssuerOptions): JwtIssuer {
  const { keys, issuer, audience, clock } = options;
  const [current] = keys;
  if (!current) throw invalid("keys", "is empty; a key to sign with is needed");
  const signer = { algorithm: current.algorithm, key: current.privateKey, kid: current.id };
  const maxTtlMs = Math.max(defaultMaxTtlMs, options.ttlMs);

  return {
    async issue(grant) {
      const { subject, roles, ttlMs = options.ttlMs, claims = {} } = grant;
      checkSubject(subject);
      checkTtl(ttlMs, maxTtlMs);
      checkClaims(claims);
      const project = checkGrant(grant.grantor, grant);
      const id = randomUUID();
      const { iat, exp } = issueTimes(clock, ttlMs);
      const own = { sub: subject, iss: issuer, aud: audience, iat, exp, jti: id, roles: [...roles], project };
      return { jwt: await signJwt({ ...claims, ...own }, signer), id, expiresAt: new Date(exp * 1000) };
    },
    jwks: () => ({ keys: keys.map((key) => key.publicJwk) }),
    accepted: () => ({
      issuer,
      audience,
      algorithms: [...new Set(keys.map((key) => key.algorithm))],
      keys: { kind: "ring", keys },
      type: "JWT",
      rolesClaim: "roles",
      roleMap: ownRoles,
      projectClaim: "project",
      maxTtlMs,
    }),
  };
}

/** When a token made now begins and ends, in whole seconds since the epoch. */
export function issueTimes(clock: Clock, ttlMs: number): { readonly iat: number; readonly exp: number } {
  const iat = Math.floor(clock.now() / 1000);
  return { iat, exp: iat + Math.floor(ttlMs / 1000) };
}

/** @throws `invalid_request` (field `subject`) */
export function checkSubject(subject: string): void {
  if (!isSubject(subject)) throw invalid("subject", "must be 1 to 256 printable characters");
}

/** @throws `invalid_request` (field `ttl`) */
export function checkTtl(ttlMs: number, maxTtlMs: number): void {
  if (!(ttlMs >= minTtlMs && ttlMs <= maxTtlMs))
    throw invalid("ttl", `must be 1 second to ${Math.floor(maxTtlMs / 1000)} seconds`);
}

function checkClaims(claims: JsonObject): void {
  const taken = Object.keys(claims).find((name) => reservedClaims.has(name));
  if (taken !== undefined) throw invalid(`claims.${taken}`, "has a meaning of its own and cannot be given");
}

function invalid(field: string, problem: string): ProxyError {
  return new ProxyError("invalid_request", `${field} ${problem}`, { field });
}
