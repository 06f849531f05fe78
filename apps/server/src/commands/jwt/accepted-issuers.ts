/**
 * Whose tokens this server would accept, as its configuration and its data directory say: the same rules that hold
 * when one is presented.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import {
  type AcceptedIssuer,
  createJwtIssuer,
  importSigningKeys,
  maxJwksBytes,
  parseTokenLifetime,
  type RemoteKeys,
} from "@llmproxy/auth";
import type { AuthConfig, JwtIssuerConfig } from "@llmproxy/config";
import { readSecretFile } from "@llmproxy/core/config";
import { createDeadline, fetchDocument } from "@llmproxy/proxy-core";
import { Secret, systemClock } from "@llmproxy/spec";
import { keepingAlive } from "../keep-alive.ts";

/** As long as the server accepts of an issuer with a secret: a year and a day. */
export const longestSecretTtlMs = parseTokenLifetime("366d");

const fetchTimeoutMs = 5_000;

/**
 * The issuer itself, as far as there is a key, and those that are configured.
 *
 * @throws `invalid_request` for a key file that holds no keys, `permission_denied` for one that others may read
 */
export async function acceptedIssuers(
  auth: AuthConfig,
  dataDirectory: string,
): Promise<readonly AcceptedIssuer[]> {
  const own = await ownIssuer(auth, dataDirectory);
  return [...(own ? [own] : []), ...auth.jwt.map(issuerOf)];
}

async function ownIssuer(
  { issuer: { issuer, audience, algorithm, keyFile = "jwt-keys.pem", ttlMs } }: AuthConfig,
  dataDirectory: string,
): Promise<AcceptedIssuer | undefined> {
  const text = await readSecretFile(isAbsolute(keyFile) ? keyFile : join(dataDirectory, keyFile));
  if (text === undefined) return undefined;
  const keys = importSigningKeys(new Secret(text), algorithm);
  return createJwtIssuer({ keys, issuer, audience, ttlMs, clock: systemClock }).accepted();
}

function issuerOf({ secret, jwksUrl, allowPrivate, ...rules }: JwtIssuerConfig): AcceptedIssuer {
  if (secret)
    return {
      ...rules,
      keys: { kind: "secret", secret },
      isAudienceOptional: true,
      maxTtlMs: longestSecretTtlMs,
      maxAgeMs: longestSecretTtlMs,
    };
  return { ...rules, keys: { kind: "remote", url: jwksUrl ?? "", allowPrivate } };
}

/** Fetches the key set of an issuer. @throws `ProxyError` when it cannot be had within 5 s */
export async function fetchKeySet({ url, allowPrivate }: RemoteKeys): Promise<Buffer> {
  const parent = new AbortController().signal;
  const deadline = createDeadline({ parent, timeoutMs: fetchTimeoutMs, clock: systemClock });
  try {
    return await keepingAlive(
      fetchDocument({
        url,
        name: new URL(url).host,
        accept: "application/jwk-set+json, application/json",
        maxBytes: maxJwksBytes,
        allowPrivate,
        signal: deadline.signal,
      }),
    );
  } finally {
    deadline.release();
  }
}
