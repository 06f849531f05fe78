/**
 * Verifies a token: takes it apart, finds the key, checks the signature, then the claims.
 *
 * Nothing in a token is believed before its signature holds. `iss` and `alg` are read earlier only to find the one
 * key that could have signed it; the claims that count are read once, from the bytes the signature was made over.
 *
 * @see RFC 7519 §7.2 (validation), RFC 8725 (best current practices)
 * @module
 */

import type { Clock, JsonObject } from "@llmproxy/spec";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtAlgorithm, VerificationKey } from "./algorithms.ts";
import {
  claimRefusals,
  clockToleranceMs,
  type JwtPrincipal,
  readPrincipal,
  readTimes,
} from "./claim-rules.ts";
import { type DecodedJwt, decodeJwt } from "./decode-jwt.ts";
import { headerRefusals } from "./header-rules.ts";
import { readJsonObject } from "./json-object.ts";
import type { JwtRefusal } from "./refusal.ts";
import type { TrustedIssuer, TrustedIssuers } from "./trusted-issuers.ts";

/** A good token. */
export interface VerifiedJwt {
  readonly principal: JwtPrincipal;
  /** From when on it is refused, in milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** A bad token. */
export interface RefusedJwt {
  readonly refusal: JwtRefusal;
  /** What was presented, as far as it could be read; not verified. */
  readonly presented?: DecodedJwt;
}

/**
 * Verifies one token.
 *
 * @throws `unavailable` when the issuer's keys cannot be known now; the signal's reason when `signal` aborts
 */
export async function verifyJwt(
  text: string,
  issuers: Pick<TrustedIssuers, "get">,
  clock: Pick<Clock, "now">,
  signal: AbortSignal,
): Promise<VerifiedJwt | RefusedJwt> {
  const presented = decodeJwt(text);
  if (!presented) return { refusal: "malformed" };
  const issuer = issuers.get(presented.claims.iss);
  const [refusal] = headerRefusals(presented.header, issuer?.accepted);
  if (refusal || !issuer) return { refusal: refusal ?? "issuer_unknown", presented };
  const key = await findKey(presented.header, issuer, signal);
  if (typeof key === "string") return { refusal: key, presented };
  const claims = await verifySignature(text, key);
  if (!claims) return { refusal: "signature_invalid", presented };
  return judgeClaims(claims, issuer.accepted, clock.now(), presented);
}

/** The claims of a token whose signature holds; undefined when it does not. */
export async function verifySignature(text: string, key: VerificationKey): Promise<JsonObject | undefined> {
  // Loaded at first use: a server nobody sends a JWT to does without.
  const { compactVerify } = await import("jose/jws/compact/verify");
  try {
    const { payload } = await compactVerify(text, key.key, { algorithms: [key.algorithm] });
    return readJsonObject(Buffer.from(payload).toString("utf8"));
  } catch {
    // Whatever jose or OpenSSL finds wrong, the signature does not hold.
    return undefined;
  }
}

function findKey({ kid, alg }: JsonObject, { accepted, keySet }: TrustedIssuer, signal: AbortSignal) {
  // Header rules have let the algorithm through, so one of these it is.
  const algorithm = accepted.algorithms.find((one): one is JwtAlgorithm => one === alg);
  if (algorithm === undefined) return "key_unknown";
  return keySet.find({ kid: typeof kid === "string" ? kid : undefined, algorithm }, signal);
}

function judgeClaims(
  claims: JsonObject,
  accepted: AcceptedIssuer,
  nowMs: number,
  presented: DecodedJwt,
): VerifiedJwt | RefusedJwt {
  const [refusal] = claimRefusals(claims, nowMs, accepted);
  if (refusal) return { refusal, presented };
  const principal = readPrincipal(claims, accepted);
  const times = readTimes(claims);
  if (!principal || !times) return { refusal: "time_invalid", presented };
  return { principal, expiresMs: times.expiresMs + clockToleranceMs };
}
