/**
 * The keys of one issuer, however they come.
 *
 * @module
 */

import { createSecretKey } from "node:crypto";
import type { Secret } from "@llmproxy/spec";
import type { JwtAlgorithm, VerificationKey } from "./algorithms.ts";
import type { JwtRefusal } from "./refusal.ts";

/** What a token says about the key it is signed with. */
export interface KeyName {
  readonly kid: string | undefined;
  readonly algorithm: JwtAlgorithm;
}

/** Why there is no key for a token. */
export type KeyRefusal = Extract<JwtRefusal, "kid_missing" | "key_unknown">;

/** The keys of one issuer. */
export interface KeySet {
  /**
   * The one key for a token, at once where it is at hand.
   *
   * @throws `unavailable` (by rejection) when it cannot be known now; the signal's reason when `signal` aborts
   */
  find(
    name: KeyName,
    signal: AbortSignal,
  ): VerificationKey | KeyRefusal | Promise<VerificationKey | KeyRefusal>;
  /** Ends every wait with `unavailable`; nothing is fetched any more. */
  close(): void;
}

/** Keys that are at hand for good. */
export function createRing(keys: readonly VerificationKey[]): KeySet {
  return { find: (name) => chooseKey(keys, name), close() {} };
}

/** One secret, whatever key id the tokens have: there is nothing to choose. */
export function createSecretKeySet(secret: Secret): KeySet {
  const key = createSecretKey(Buffer.from(secret.reveal()));
  return {
    find: ({ algorithm }) => (algorithm === "HS256" ? { algorithm, key } : "key_unknown"),
    close() {},
  };
}

/**
 * The one key with this id for this algorithm. Two that fit are as good as none: which was meant would be a guess.
 */
export function chooseKey(
  keys: readonly VerificationKey[],
  { kid, algorithm }: KeyName,
): VerificationKey | KeyRefusal {
  if (kid === undefined && keys.length > 1) return "kid_missing";
  const fitting = keys.filter((key) => key.algorithm === algorithm && (kid === undefined || key.id === kid));
  const [key] = fitting;
  return key && fitting.length === 1 ? key : "key_unknown";
}
