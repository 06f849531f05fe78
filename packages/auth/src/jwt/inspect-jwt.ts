/**
 * Says what is in a token and what would be refused about it, for its owner. Whoever presents a token learns nothing
 * of this.
 *
 * @module
 */

import type { Clock, JsonObject } from "@llmproxy/spec";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtAlgorithm } from "./algorithms.ts";
import { claimRefusals, readTimes } from "./claim-rules.ts";
import { decodeJwt } from "./decode-jwt.ts";
import { headerRefusals } from "./header-rules.ts";
import { createRing, createSecretKeySet, type KeySet } from "./key-set.ts";
import { parseJwks } from "./parse-jwks.ts";
import { type JwtRefusal, jwtRefusals } from "./refusal.ts";
import { verifySignature } from "./verify-jwt.ts";

/** What a token is judged by. */
export interface InspectJwtOptions {
  readonly clock: Clock;
  /** The issuer's rules; when absent, only what holds for every issuer is looked at. */
  readonly issuer?: AcceptedIssuer;
  /** The key set to check the signature with, as JSON; when absent, the issuer's own keys or secret. */
  readonly jwks?: string | Uint8Array;
}

/** A reason why a token would be refused. */
export interface JwtFinding {
  readonly reason: JwtRefusal;
  /** The reason as a sentence about the token. */
  readonly meaning: string;
}

/** What is in a token. Nothing of it can be trusted unless `signature` is `valid`. */
export interface InspectedJwt {
  /** Absent when the text is no token. */
  readonly header: JsonObject | undefined;
  /** Absent when the text is no token. */
  readonly claims: JsonObject | undefined;
  readonly issuedAt: Date | undefined;
  readonly notBefore: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** `unchecked` where no keys were given. */
  readonly signature: "valid" | "invalid" | "unchecked";
  /** Everything that is wrong with it; empty when it would be accepted, as far as could be looked at. */
  readonly findings: readonly JwtFinding[];
}

/**
 * Takes a token apart and judges it.
 *
 * @throws `invalid_request` (field `jwks`) when that is no key set
 */
export async function inspectJwt(text: string, options: InspectJwtOptions): Promise<InspectedJwt> {
  const decoded = decodeJwt(text);
  const keySet = keySetOf(options);
  if (!decoded) return { ...nothing, findings: [finding("malformed")] };
  const { header, claims } = decoded;
  const times = readTimes(claims);
  const signature = keySet ? await checkSignature(text, header, keySet) : "unchecked";
  const refusals = [
    ...headerRefusals(header, options.issuer),
    ...(typeof signature === "object" ? [signature.refusal] : []),
    ...claimRefusals(claims, options.clock.now(), options.issuer),
  ];
  return {
    header,
    claims,
    issuedAt: dateOf(times?.issuedMs),
    notBefore: dateOf(times?.notBeforeMs),
    expiresAt: dateOf(times?.expiresMs),
    signature: typeof signature === "object" ? "invalid" : signature,
    findings: refusals.map(finding),
  };
}

const nothing = {
  header: undefined,
  claims: undefined,
  issuedAt: undefined,
  notBefore: undefined,
  expiresAt: undefined,
  signature: "unchecked",
} as const;

function finding(reason: JwtRefusal): JwtFinding {
  return { reason, meaning: jwtRefusals[reason] };
}

function keySetOf({ issuer, jwks }: InspectJwtOptions): KeySet | undefined {
  if (jwks !== undefined) return createRing(parseJwks(jwks));
  if (issuer?.keys.kind === "secret") return createSecretKeySet(issuer.keys.secret);
  if (issuer?.keys.kind !== "ring") return undefined;
  return createRing(
    issuer.keys.keys.map(({ id, algorithm, publicKey }) => ({ id, algorithm, key: publicKey })),
  );
}

const algorithms: readonly JwtAlgorithm[] = ["EdDSA", "ES256", "RS256", "HS256"];

async function checkSignature(
  text: string,
  { alg, kid }: JsonObject,
  keySet: KeySet,
): Promise<"valid" | { readonly refusal: JwtRefusal }> {
  const algorithm = algorithms.find((one) => one === alg);
  if (!algorithm) return { refusal: "key_unknown" };
  const name = { kid: typeof kid === "string" ? kid : undefined, algorithm };
  const key = await keySet.find(name, new AbortController().signal);
  if (typeof key === "string") return { refusal: key };
  return (await verifySignature(text, key)) ? "valid" : { refusal: "signature_invalid" };
}

/** Undefined also for moments that a `Date` cannot hold. */
function dateOf(ms: number | undefined): Date | undefined {
  const date = new Date(ms ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
