/**
 * The signature algorithms in use, and which key fits which.
 *
 * Each key has exactly one algorithm, read off the key itself. A token only gets to choose among keys of the
 * algorithm it names, so a public key can never be taken for a shared secret (RFC 8725 §2.1).
 *
 * @module
 */

import type { KeyObject } from "node:crypto";

/** How a signature is made with a private key. @see RFC 7518 §3.1, RFC 8037 §3.1 */
export type SigningAlgorithm = "EdDSA" | "ES256" | "RS256";

/** How the signature of a token is made; `HS256` with a secret both sides know. @see RFC 7518 §3.1 */
export type JwtAlgorithm = SigningAlgorithm | "HS256";

/** A key that signatures are checked with. */
export interface VerificationKey {
  /** Its `kid`; absent when the issuer gave it none. */
  readonly id?: string;
  readonly algorithm: JwtAlgorithm;
  readonly key: KeyObject;
}

/** The least an RSA modulus may have, in bits. @see RFC 7518 §3.3 */
export const minRsaBits = 2048;

/** The most, in bits: longer ones buy nothing and let whoever publishes the key spend our processor. */
const maxRsaBits = 8192;

/** The algorithm of a public or private key; undefined when there is none we use. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  switch (key.asymmetricKeyType) {
    case "ed25519":
      return "EdDSA";
    case "ec":
      return key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? "ES256" : undefined;
    case "rsa": {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return bits >= minRsaBits && bits <= maxRsaBits ? "RS256" : undefined;
    }
    default:
      return undefined;
  }
}
