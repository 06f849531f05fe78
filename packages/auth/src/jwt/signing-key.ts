/**
 * The keys tokens are signed with: made, read and written.
 *
 * Private material is either a `KeyObject`, which prints nothing, or text in a `Secret`. Files belong to whoever
 * starts the server.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { ProxyError, Secret } from "@llmproxy/spec";
import { algorithmOf, minRsaBits, type SigningAlgorithm } from "./algorithms.ts";
import { readJsonObject } from "./json-object.ts";
import { type PublicJwk, publicJwk } from "./public-jwk.ts";

/** A key pair that tokens are signed with. */
export interface SigningKey {
  /** Its `kid`: the RFC 7638 thumbprint. */
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

const generate = promisify(generateKeyPair);

const pemBlock = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g;
const maxTextLength = 131_072;
const maxKeys = 16;

/** Makes a new key: Ed25519, P-256 or RSA with 2048 bits. */
export async function generateSigningKey(algorithm: SigningAlgorithm = "EdDSA"): Promise<SigningKey> {
  return signingKey((await generatePair(algorithm)).privateKey);
}

/**
 * Reads one private key.
 *
 * @param text - PKCS#8 PEM, or a private JWK as JSON
 * @param algorithm - what the key must be for; any of the three when absent
 * @throws `invalid_request` (field `key_file`) when the text holds no such key, or more than one
 */
export function importSigningKey(text: Secret, algorithm?: SigningAlgorithm): SigningKey {
  const [key, ...others] = importSigningKeys(text, algorithm);
  if (!key || others.length > 0) throw invalid("holds several keys, expected one");
  return key;
}

/**
 * Reads a ring of private keys: the first one signs, the others are still accepted. To change the key, put a new
 * one in front and keep the old one until the last token it signed has expired.
 *
 * @param text - 1–16 PKCS#8 PEM blocks, or one private JWK, or a JWK set of them, as JSON
 * @param algorithm - what the first key must be for; any of the three when absent. Older keys may be of another
 *   kind, so that the algorithm can be changed too
 * @throws `invalid_request` (field `key_file`) when it is not
 */
export function importSigningKeys(text: Secret, algorithm?: SigningAlgorithm): readonly SigningKey[] {
  const content = text.reveal();
  if (content.length > maxTextLength) throw invalid("is too long to be a key");
  const keys = (content.includes("-----BEGIN ") ? readPem(content) : readJwks(content)).map(signingKey);
  const [first] = keys;
  if (!first || keys.length > maxKeys) throw invalid(`must hold 1 to ${maxKeys} private keys`);
  if (new Set(keys.map((key) => key.id)).size < keys.length) throw invalid("holds the same key twice");
  if (algorithm !== undefined && first.algorithm !== algorithm)
    throw invalid(`begins with a key for ${first.algorithm}, but the algorithm is ${algorithm}`);
  return keys;
}

/** Writes keys as PKCS#8 PEM blocks, for a file of mode 0600; {@link importSigningKeys} reads them again. */
export function exportSigningKeys(keys: readonly SigningKey[]): Secret {
  return new Secret(
    keys.map(({ privateKey }) => privateKey.export({ format: "pem", type: "pkcs8" })).join(""),
  );
}

function generatePair(algorithm: SigningAlgorithm): Promise<{ readonly privateKey: KeyObject }> {
  switch (algorithm) {
    case "EdDSA":
      return generate("ed25519");
    case "ES256":
      return generate("ec", { namedCurve: "P-256" });
    case "RS256":
      return generate("rsa", { modulusLength: minRsaBits });
  }
}

function signingKey(privateKey: KeyObject): SigningKey {
  const algorithm = algorithmOf(privateKey);
  if (!algorithm)
    throw invalid(`holds a key that is not Ed25519, P-256 or RSA with ${minRsaBits} to 8192 bits`);
  const publicKey = createPublicKey(privateKey);
  const jwk = publicJwk(publicKey, algorithm);
  return { id: jwk.kid, algorithm, privateKey, publicKey, publicJwk: jwk };
}

function readPem(content: string): readonly KeyObject[] {
  return (content.match(pemBlock) ?? []).map((key) => readPrivateKey({ key, format: "pem" }));
}

function readJwks(content: string): readonly KeyObject[] {
  const value = readJsonObject(content);
  if (!value) throw invalid("holds neither a PEM block nor a JSON Web Key");
  const entries = Array.isArray(value.keys) ? value.keys : [value];
  return entries.map((key) => readPrivateKey({ key, format: "jwk" }));
}

function readPrivateKey(input: Parameters<typeof createPrivateKey>[0]): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    // What OpenSSL says may quote the material.
    throw invalid("holds something that is not a private key, or one with a passphrase");
  }
}

function invalid(problem: string): ProxyError {
  return new ProxyError("invalid_request", `the file of the signing key ${problem}`, { field: "key_file" });
}
