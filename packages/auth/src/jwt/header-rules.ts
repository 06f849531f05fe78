/**
 * What the header of a token may say. It is read before any signature is checked, so it decides as little as can be.
 *
 * @see RFC 8725 §3.1 (algorithms), §3.5 (keys), §3.10 (received claims), §3.11 (types)
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtRefusal } from "./refusal.ts";

/** Members that bring or point to keys, ask for extensions, or belong to encryption. Refused even where unused. */
const forbiddenMembers = [
  "jku",
  "jwk",
  "x5u",
  "x5c",
  "crit",
  "b64",
  "zip",
  "enc",
  "epk",
  "apu",
  "apv",
  "p2c",
  "p2s",
] as const;

const kidSyntax = /^[\w.-]{1,128}$/;

/**
 * Everything that is wrong with a header, whoever issued the token.
 *
 * @param accepted - the issuer's rules; when absent, only what holds for every issuer is looked at
 */
export function headerRefusals(header: JsonObject, accepted?: AcceptedIssuer): readonly JwtRefusal[] {
  const refusals: JwtRefusal[] = [];
  if (forbiddenMembers.some((name) => Object.hasOwn(header, name))) refusals.push("header_forbidden");
  if (Object.hasOwn(header, "kid") && !(typeof header.kid === "string" && kidSyntax.test(header.kid)))
    refusals.push("kid_invalid");
  if (!isTypeAccepted(header, accepted?.type)) refusals.push("type_not_accepted");
  if (!isAlgorithmAccepted(header, accepted)) refusals.push("algorithm_not_accepted");
  return refusals;
}

function isTypeAccepted(header: JsonObject, wanted: AcceptedIssuer["type"]): boolean {
  if (!Object.hasOwn(header, "typ")) return wanted === undefined;
  if (typeof header.typ !== "string") return false;
  // A media type: any case, and `application/` is left out where nothing else has a slash (RFC 7515 §4.1.9).
  const type = header.typ.toLowerCase().replace(/^application\//, "");
  return wanted === undefined ? type === "jwt" || type === "at+jwt" : type === wanted.toLowerCase();
}

function isAlgorithmAccepted({ alg }: JsonObject, accepted: AcceptedIssuer | undefined): boolean {
  const algorithms: readonly unknown[] = accepted?.algorithms ?? ["EdDSA", "ES256", "RS256", "HS256"];
  return algorithms.includes(alg);
}
