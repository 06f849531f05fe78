/**
 * Makes tokens by hand, bad ones above all: with a library one can only make what it lets through.
 *
 * @module
 */

import { createHmac, type KeyObject, sign } from "node:crypto";

/** What a token is made from. */
export interface HandmadeToken {
  /** An object, or JSON text as it is to stand there. */
  readonly header: object | string;
  /** An object, or JSON text as it is to stand there. */
  readonly claims: object | string;
  /** A private key; the bytes of a secret, for HMAC; or the signature itself. */
  readonly signWith: KeyObject | Uint8Array | { readonly signature: Uint8Array };
}

/** Joins the parts and signs them, whatever they say. */
export function makeToken({ header, claims, signWith }: HandmadeToken): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${Buffer.from(signatureOf(input, signWith)).toString("base64url")}`;
}

function encode(part: object | string): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

function signatureOf(input: string, signWith: HandmadeToken["signWith"]): Uint8Array {
  if ("signature" in signWith) return signWith.signature;
  if (signWith instanceof Uint8Array) return createHmac("sha256", signWith).update(input).digest();
  const data = Buffer.from(input);
  if (signWith.asymmetricKeyType === "ed25519") return sign(null, data, signWith);
  return sign("sha256", data, { key: signWith, dsaEncoding: "ieee-p1363" });
}
