/**
 * The public half of a key as others read it.
 *
 * @see RFC 7517 (JSON Web Key), RFC 7638 (thumbprint)
 * @module
 */

import { hash, type KeyObject } from "node:crypto";
import type { SigningAlgorithm } from "./algorithms.ts";

/** A public key that signatures are checked with. */
export interface PublicJwk {
  readonly kty: "OKP" | "EC" | "RSA";
  /** The thumbprint of the key. */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: "sig";
  /** The curve of an `OKP` or `EC` key. */
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  /** Modulus and exponent of an `RSA` key. */
  readonly n?: string;
  readonly e?: string;
}

/** A set of public keys, as `/.well-known/jwks.json` serves it. @see RFC 7517 §5 */
export interface PublicJwkSet {
  readonly keys: readonly PublicJwk[];
}

/** The members that make each type of key, in the order its thumbprint is taken over. @see RFC 7638 §3.2 */
const requiredMembers = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
} as const;

/** Describes a public key. `kid` is the SHA-256 thumbprint: the same key has the same name everywhere. */
export function publicJwk(key: KeyObject, alg: SigningAlgorithm): PublicJwk {
  const kty = keyTypes[alg];
  const material = key.export({ format: "jwk" });
  const members = Object.fromEntries(requiredMembers[kty].map((name) => [name, String(material[name])]));
  const kid = hash("sha256", JSON.stringify(members), "base64url");
  return { ...members, kty, kid, alg, use: "sig" };
}

const keyTypes = { EdDSA: "OKP", ES256: "EC", RS256: "RSA" } as const satisfies Record<
  SigningAlgorithm,
  PublicJwk["kty"]
>;
