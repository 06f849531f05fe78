/**
 * Whether the keys that tokens are checked with can be had.
 *
 * @module
 */

import { type AcceptedIssuer, inspectJwt } from "@llmproxy/auth";
import { readAcceptedIssuers } from "@llmproxy/core/config";
import { systemClock } from "@llmproxy/spec";
import { fetchKeySet } from "../jwt/fetch-key-set.ts";
import { type Check, type Checkup, failedBy, ok } from "./checkup.ts";

/** Reads our own keys and fetches those of others. */
export async function checkIssuers({ loaded, dataDirectory, options }: Checkup): Promise<readonly Check[]> {
  if (!loaded) return [];
  const { auth } = loaded.config;
  try {
    const issuers = await readAcceptedIssuers(auth, dataDirectory, systemClock);
    const checks = await Promise.all(issuers.map((issuer) => issuerCheck(issuer, options.offline ?? false)));
    const isOwnMissing = issuers.length === auth.jwt.length;
    return [
      ...(isOwnMissing ? [ok("signing key", "made when the first token is issued")] : []),
      ...checks.flat(),
    ];
  } catch (reason) {
    return [failedBy("signing key", reason)];
  }
}

async function issuerCheck({ issuer, keys }: AcceptedIssuer, isOffline: boolean): Promise<readonly Check[]> {
  if (keys.kind === "ring")
    return [ok("signing key", `${keys.keys.length} in the file; the first one signs`)];
  const name = `issuer ${issuer}`;
  if (keys.kind === "secret") return [ok(name, "shares a secret")];
  if (isOffline) return [];
  try {
    // Whatever the text, this says whether the key set is one.
    await inspectJwt("", { clock: systemClock, jwks: await fetchKeySet(keys) });
    return [ok(name, `${keys.url} gives its keys`)];
  } catch (reason) {
    return [failedBy(name, reason, `check auth.jwt: jwks_url ${keys.url}`)];
  }
}
