/**
 * Reads a published key set.
 *
 * @see RFC 7517 §4, §5 (unknown members and key types are ignored), RFC 7518 §6
 * @module
 */

import { createPublicKey, type KeyObject } from "node:crypto";
import { type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import { algorithmOf, type VerificationKey } from "./algorithms.ts";
import { isJsonObject, readJsonObject } from "./json-object.ts";

/** The longest key set, in bytes. */
export const maxJwksBytes = 262_144;

/** The most entries a key set may have; issuers have two to ten. */
const maxJwks = 100;

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "k"];

/**
 * Reads the keys of a set that can be used here: Ed25519, P-256 and RSA from 2048 bits, public, for signatures.
 * Other entries are left out, and so is a key whose private half is in the set too: everybody could sign with it.
 *
 * @param content - JSON in UTF-8
 * @throws `invalid_request` (field `jwks`) when it is longer than 256 KB, no key set, or has more than 100 entries
 */
export function parseJwks(content: string | Uint8Array): readonly VerificationKey[] {
  const bytes = typeof content === "string" ? Buffer.byteLength(content) : content.length;
  if (bytes > maxJwksBytes) throw invalid(`has ${bytes} bytes, at most ${maxJwksBytes} are read`);
  const set = readJsonObject(typeof content === "string" ? content : Buffer.from(content).toString("utf8"));
  if (!Array.isArray(set?.keys)) throw invalid("is not a JSON object with a list `keys`");
  if (set.keys.length > maxJwks) throw invalid(`has ${set.keys.length} keys, at most ${maxJwks} are read`);
  return set.keys.flatMap(readKey);
}

function readKey(entry: JsonValue): readonly VerificationKey[] {
  if (!isJsonObject(entry) || !isForVerifying(entry)) return [];
  const { alg, kid } = entry;
  const key = importJwk(entry);
  const algorithm = key && algorithmOf(key);
  if (!algorithm || (alg !== undefined && alg !== algorithm)) return [];
  return [{ algorithm, key, ...(typeof kid === "string" && { id: kid }) }];
}

function isForVerifying(entry: JsonObject): boolean {
  const { use, key_ops } = entry;
  if (privateMembers.some((name) => Object.hasOwn(entry, name))) return false;
  if (use !== undefined && use !== "sig") return false;
  return key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes("verify"));
}

function importJwk({ kty, crv, x, y, n, e }: JsonObject): KeyObject | undefined {
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === "string");
  try {
    return createPublicKey({ key: Object.fromEntries(members), format: "jwk" });
  } catch {
    // A type or curve this runtime does not know; the set may have others.
    return undefined;
  }
}

function invalid(problem: string): ProxyError {
  return new ProxyError("invalid_request", `the key set ${problem}`, { field: "jwks" });
}
