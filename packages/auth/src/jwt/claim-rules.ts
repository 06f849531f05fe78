/**
 * What the claims of a token must say, and whom they make of its bearer.
 *
 * @see RFC 7519 §4.1 (registered claims), RFC 8725 §3.8–§3.12
 * @module
 */

import type { JsonObject, JsonValue, Principal, Role } from "@llmproxy/spec";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtRefusal } from "./refusal.ts";

/** How far the clock of an issuer may be off, in milliseconds. */
export const clockToleranceMs = 5_000;

/** How long a token may be valid where nothing else is said, in milliseconds. */
export const defaultMaxTtlMs = 86_400_000;

/** The project of tokens that name none. */
export const defaultProjectId = "default";

const printable = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u;
const projectIdSyntax = /^[\w.-]{1,128}$/;

/** Whether a text can be the subject of a token: 1–256 printable characters. */
export function isSubject(value: unknown): value is string {
  return typeof value === "string" && value.length <= 256 && printable.test(value);
}

/** Whether a text can be the id of a project: 1–128 letters, digits, `_`, `.` and `-`. */
export function isProjectId(value: unknown): value is string {
  return typeof value === "string" && projectIdSyntax.test(value);
}

/** The times of a token in milliseconds since the epoch; undefined when `iat` or `exp` is missing or one is no number. */
export function readTimes(claims: JsonObject): JwtTimes | undefined {
  const { iat, exp, nbf } = claims;
  if (!isNumericDate(iat) || !isNumericDate(exp)) return undefined;
  if (nbf !== undefined && !isNumericDate(nbf)) return undefined;
  return {
    issuedMs: iat * 1000,
    expiresMs: exp * 1000,
    ...(nbf !== undefined && { notBeforeMs: nbf * 1000 }),
  };
}

/** When a token was issued and from when to when it is valid, in milliseconds since the epoch. */
export interface JwtTimes {
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly notBeforeMs?: number;
}

/**
 * Everything that is wrong with the claims.
 *
 * @param accepted - the issuer's rules; when absent, only what holds for every issuer is looked at
 */
export function claimRefusals(
  claims: JsonObject,
  nowMs: number,
  accepted?: AcceptedIssuer,
): readonly JwtRefusal[] {
  const refusals: JwtRefusal[] = [];
  if (accepted && claims.iss !== accepted.issuer) refusals.push("issuer_unknown");
  if (accepted && !isForUs(claims, accepted)) refusals.push("audience_not_accepted");
  if (!isSubject(claims.sub)) refusals.push("subject_invalid");
  refusals.push(...timeRefusals(readTimes(claims), nowMs, accepted));
  if (accepted && readRoles(claims, accepted) === undefined) refusals.push("roles_invalid");
  if (accepted && readProjectId(claims, accepted) === undefined) refusals.push("project_invalid");
  return refusals;
}

/** The bearer of a token whose claims have been found good; undefined when they are not. */
export function readPrincipal(claims: JsonObject, accepted: AcceptedIssuer): JwtPrincipal | undefined {
  const roles = readRoles(claims, accepted);
  const projectId = readProjectId(claims, accepted);
  if (!isSubject(claims.sub) || !roles || projectId === undefined) return undefined;
  return Object.freeze({ kind: "jwt", id: claims.sub, roles: Object.freeze(roles), projectId });
}

/** The bearer of a token: always confined to one project. */
export type JwtPrincipal = Principal & { readonly kind: "jwt"; readonly projectId: string };

function isNumericDate(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isForUs({ aud }: JsonObject, { audience, isAudienceOptional }: AcceptedIssuer): boolean {
  if (aud === undefined) return isAudienceOptional === true;
  if (!Array.isArray(aud)) return aud === audience;
  return aud.every((one) => typeof one === "string") && aud.includes(audience);
}

function timeRefusals(
  times: JwtTimes | undefined,
  nowMs: number,
  accepted: AcceptedIssuer | undefined,
): readonly JwtRefusal[] {
  if (!times) return ["time_invalid"];
  const { issuedMs, expiresMs, notBeforeMs = 0 } = times;
  const maxTtlMs = accepted ? (accepted.maxTtlMs ?? defaultMaxTtlMs) : Number.POSITIVE_INFINITY;
  const refusals: JwtRefusal[] = [];
  if (issuedMs > nowMs + clockToleranceMs) refusals.push("issued_in_future");
  if (notBeforeMs > nowMs + clockToleranceMs) refusals.push("not_yet_valid");
  if (expiresMs <= nowMs - clockToleranceMs) refusals.push("expired");
  if (expiresMs - issuedMs > maxTtlMs) refusals.push("lifetime_too_long");
  if (expiresMs <= issuedMs) refusals.push("time_invalid");
  if (nowMs - issuedMs > (accepted?.maxAgeMs ?? maxTtlMs) + clockToleranceMs) refusals.push("too_old");
  return refusals;
}

/**
 * The roles a token grants. Nothing is granted but by the map, and a claim of a strange form refuses the token:
 * whoever can put an object there may be able to put anything there.
 */
function readRoles(
  claims: JsonObject,
  { rolesClaim, roleMap, defaultRoles = [] }: AcceptedIssuer,
): readonly Role[] | undefined {
  if (!Object.hasOwn(claims, rolesClaim)) return [...defaultRoles];
  const claim = claims[rolesClaim];
  const names = typeof claim === "string" ? [claim] : claim;
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) return undefined;
  const roles = names.flatMap((name) => (Object.hasOwn(roleMap, name) ? (roleMap[name] ?? []) : []));
  return [...new Set(roles)];
}

function readProjectId(claims: JsonObject, { projectClaim }: AcceptedIssuer): string | undefined {
  const claim = Object.hasOwn(claims, projectClaim) ? claims[projectClaim] : defaultProjectId;
  return isProjectId(claim) ? claim : undefined;
}
