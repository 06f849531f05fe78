/**
 * Whose tokens the configuration accepts.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import {
  type AcceptedIssuer,
  createJwtIssuer,
  importSigningKeys,
  type JwtIssuer,
  parseTokenLifetime,
  type SigningKey,
} from "@llmproxy/auth";
import type { AuthConfig, IssuerConfig, JwtIssuerConfig } from "@llmproxy/config";
import { type Clock, ProxyError, Secret } from "@llmproxy/spec";
import { readSecretFile } from "./data/secret-file.ts";

/** A year and a day: tokens of a shared secret are often made to last. */
export const longestSecretTtlMs: number = parseTokenLifetime("366d");

/** The rules for an issuer of `auth.jwt`. */
export function acceptedIssuer(config: JwtIssuerConfig): AcceptedIssuer {
  const { secret, jwksUrl: url, allowPrivate, ...rules } = config;
  if (secret)
    return {
      ...rules,
      keys: { kind: "secret", secret },
      // Tokens of the servers this one replaces name no audience, and live for months.
      isAudienceOptional: true,
      maxTtlMs: longestSecretTtlMs,
      maxAgeMs: longestSecretTtlMs,
    };
  if (url === undefined)
    throw new ProxyError("internal", "internal error", { cause: new Error(`${config.issuer} has no keys`) });
  return { ...rules, keys: { kind: "remote", url, allowPrivate } };
}

/** The server itself as an issuer, with the keys it has. */
export function ownIssuer(config: IssuerConfig, keys: readonly SigningKey[], clock: Clock): JwtIssuer {
  const { issuer, audience, ttlMs } = config;
  return createJwtIssuer({ keys, issuer, audience, ttlMs, clock });
}

/** The file of the server's own keys. */
export function signingKeyPath({ keyFile = "jwt-keys.pem" }: IssuerConfig, dataDirectory: string): string {
  return isAbsolute(keyFile) ? keyFile : join(dataDirectory, keyFile);
}

/**
 * Everybody whose tokens a server with this configuration and data directory would accept, for who looks from outside.
 *
 * @throws `invalid_request` for a key file that holds no keys, `permission_denied` for one that others may read
 */
export async function readAcceptedIssuers(
  auth: AuthConfig,
  dataDirectory: string,
  clock: Clock,
): Promise<readonly AcceptedIssuer[]> {
  const text = await readSecretFile(signingKeyPath(auth.issuer, dataDirectory));
  const keys = text === undefined ? [] : importSigningKeys(new Secret(text), auth.issuer.algorithm);
  return acceptedIssuers(auth, keys, clock);
}

/** Everybody whose tokens are accepted: the server itself, once it has a key, and who is configured. */
export function acceptedIssuers(
  auth: AuthConfig,
  keys: readonly SigningKey[],
  clock: Clock,
): readonly AcceptedIssuer[] {
  const own = keys.length === 0 ? [] : [ownIssuer(auth.issuer, keys, clock).accepted()];
  return [...own, ...auth.jwt.map(acceptedIssuer)];
}
