/**
 * The issuers whose tokens are accepted now, each with its keys.
 *
 * @module
 */

import type { Clock, Logger } from "@llmproxy/spec";
import { type AcceptedIssuer, checkAcceptedIssuers, type IssuerKeys } from "./accepted-issuer.ts";
import { createRing, createSecretKeySet, type KeySet } from "./key-set.ts";
import { createRemoteKeySet, type FetchJwks } from "./remote-key-set.ts";

/** What issuers are held with. */
export interface TrustedIssuersOptions {
  readonly fetchJwks: FetchJwks;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An issuer with its keys. */
export interface TrustedIssuer {
  readonly accepted: AcceptedIssuer;
  readonly keySet: KeySet;
}

/** The issuers whose tokens are accepted now. */
export interface TrustedIssuers {
  /** @param issuer - what a token claims; anything, since nothing has been verified */
  get(issuer: unknown): TrustedIssuer | undefined;
  /**
   * Replaces the issuers. Keys that were fetched stay at hand where they still come from the same place.
   *
   * @throws `invalid_request` as `checkAcceptedIssuers` does; nothing has changed then
   */
  update(issuers: readonly AcceptedIssuer[]): void;
  /** Ends every fetch. */
  close(): void;
}

/** Holds no issuer until the first update. */
export function createTrustedIssuers(options: TrustedIssuersOptions): TrustedIssuers {
  let trusted: ReadonlyMap<unknown, TrustedIssuer> = new Map();
  let remote: ReadonlyMap<string, KeySet> = new Map();

  return {
    get: (issuer) => trusted.get(issuer),
    update(issuers) {
      checkAcceptedIssuers(issuers);
      const before = remote;
      const kept = new Map<string, KeySet>();
      const keySetOf = (keys: IssuerKeys): KeySet => {
        if (keys.kind === "secret") return createSecretKeySet(keys.secret);
        if (keys.kind === "ring") return createRing(keys.keys.map(verificationKey));
        const place = `${keys.allowPrivate === true} ${keys.url}`;
        const keySet =
          kept.get(place) ?? before.get(place) ?? createRemoteKeySet({ source: keys, ...options });
        kept.set(place, keySet);
        return keySet;
      };
      trusted = new Map(
        issuers.map((accepted) => [accepted.issuer, { accepted, keySet: keySetOf(accepted.keys) }]),
      );
      remote = kept;
      for (const [place, keySet] of before) if (!kept.has(place)) keySet.close();
    },
    close() {
      for (const keySet of remote.values()) keySet.close();
    },
  };
}

type RingKey = Extract<IssuerKeys, { readonly kind: "ring" }>["keys"][number];

function verificationKey({ id, algorithm, publicKey }: RingKey) {
  return { id, algorithm, key: publicKey };
}
