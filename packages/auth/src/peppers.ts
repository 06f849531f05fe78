/**
 * Hashes API keys for storage.
 *
 * A key is 256 random bits, so one keyed hash is enough and cheap; a slow password hash would only let
 * strangers burn our processor. The pepper lives outside the store: a stolen database alone neither holds
 * keys nor lets anybody make one.
 *
 * @module
 */

import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { ProxyError, type Secret } from "@llmproxy/spec";

/** One secret that keys are hashed with. */
export interface PepperOptions {
  /** Stored beside each hash to tell which pepper it was made with; unique. */
  readonly id: string;
  /** At least 32 bytes. */
  readonly secret: Secret;
}

/** The secrets that keys are hashed with: the current one, and older ones that stored hashes still need. */
export interface Peppers {
  /** The pepper for new keys. */
  readonly currentId: string;
  /** Whether there is a pepper with this id. */
  has(pepperId: string): boolean;
  /**
   * HMAC-SHA256 of `text`: 32 bytes.
   *
   * @param pepperId - which pepper; the current one when absent or unknown, so that hashing takes the same
   *   time either way
   */
  hash(text: string, pepperId?: string): Uint8Array;
}

const minPepperBytes = 32;

/**
 * Takes the peppers into use. To change the pepper, put a new one first and keep the old one until every key
 * hashed with it has expired.
 *
 * @param options - the first is the current one
 * @throws `invalid_request` when there is none, an id repeats, or a secret has less than 32 bytes
 */
export function createPeppers(options: readonly PepperOptions[]): Peppers {
  const [first] = options;
  if (!first) throw new ProxyError("invalid_request", "at least one pepper is needed", { field: "peppers" });
  const keys = new Map<string, KeyObject>();
  for (const [index, { id, secret }] of options.entries()) {
    if (keys.has(id)) throw invalid(`peppers[${index}].id`, "is used twice; each pepper needs its own id");
    keys.set(id, readPepper(secret, `peppers[${index}].secret`));
  }
  const current = readPepper(first.secret, "peppers[0].secret");
  return {
    currentId: first.id,
    has: (pepperId) => keys.has(pepperId),
    hash: (text, pepperId = first.id) =>
      createHmac("sha256", keys.get(pepperId) ?? current)
        .update(text)
        .digest(),
  };
}

function readPepper(secret: Secret, field: string): KeyObject {
  const bytes = Buffer.from(secret.reveal());
  if (bytes.length < minPepperBytes)
    throw invalid(field, `has ${bytes.length} bytes; at least ${minPepperBytes} random bytes are needed`);
  return createSecretKey(bytes);
}

function invalid(field: string, problem: string): ProxyError {
  return new ProxyError("invalid_request", `${field} ${problem}`, { field });
}
