/**
 * Who may use the server, put together from the configuration and replaceable while it runs.
 *
 * @module
 */

import {
  anonymousAuthenticator,
  createApiKeyAuthenticator,
  createAuthenticator,
  createJwtAuthenticator,
  createManagementAuthenticator,
  type FetchJwks,
  type JwtIssuer,
  maxJwksBytes,
  type Peppers,
  type SigningKey,
} from "@llmproxy/auth";
import type { AuthConfig } from "@llmproxy/config";
import { fetchDocument } from "@llmproxy/proxy-core";
import type { Authenticator, Clock, EventBus, JsonObject, Logger, Store } from "@llmproxy/spec";
import type { PreparedUpdate } from "../model-routing.ts";
import { acceptedIssuers, ownIssuer, signingKeyPath } from "./accepted-issuers.ts";
import type { Bootstrap } from "./data/bootstrap.ts";
import { openSigningKeys, type SigningKeys } from "./signing-keys.ts";

/** What authentication works with. */
export interface AuthenticationPorts {
  readonly store: Store;
  readonly peppers: Peppers;
  readonly bootstrap: Bootstrap | undefined;
  readonly bus: EventBus;
  /** Where the keys of tokens are kept. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who may use the server, as configured now. */
export interface Authentication {
  readonly authenticator: Authenticator;
  /** The public keys of the tokens issued here; none as long as none has been issued. */
  jwks(): JsonObject;
  /** Issues tokens; makes the first key. */
  issuer(): Promise<JwtIssuer>;
  /** Makes ready to follow a change. @throws `invalid_request` naming what cannot be */
  prepare(next: AuthConfig): Promise<PreparedUpdate>;
  close(): void;
}

/**
 * Opens authentication.
 *
 * @throws `invalid_request` naming what cannot be used
 */
export async function openAuthentication(
  config: AuthConfig,
  ports: AuthenticationPorts,
): Promise<Authentication> {
  const { clock } = ports;
  let current = config;
  const keys = await openSigningKeys({
    path: signingKeyPath(config.issuer, ports.dataDirectory),
    algorithm: config.issuer.algorithm,
    clock,
    logger: ports.logger,
    onChange: () => use.follow(current),
  });
  const use = verifiersOf(config, keys, ports);
  return {
    authenticator: use.authenticator,
    issuer: async () => ownIssuer(current.issuer, await keys.ensure(), clock),
    jwks: () => publishedKeys(current, keys.current(), clock),
    async prepare(next) {
      use.check(next);
      return {
        commit() {
          current = next;
          use.follow(next);
        },
        discard() {},
      };
    },
    close() {
      keys.close();
      use.close();
    },
  };
}

/** Whoever tells who presented credentials. What they have learned outlives a change of the configuration. */
interface Verifiers {
  readonly authenticator: Authenticator;
  /** @throws `invalid_request` for what {@link Verifiers.follow} could not */
  check(config: AuthConfig): void;
  follow(config: AuthConfig): void;
  close(): void;
}

function verifiersOf(config: AuthConfig, keys: SigningKeys, ports: AuthenticationPorts): Verifiers {
  // Only a restart switches authentication on or off.
  if (!config.enabled) return { authenticator: anonymousAuthenticator, check() {}, follow() {}, close() {} };
  const { store, bus, clock, logger, peppers } = ports;
  const shared = { projects: store.projects, bus, clock, logger, maxStaleMs: config.maxStaleMs };
  const issuers = (now: AuthConfig) => acceptedIssuers(now, keys.current(), clock);
  const fetchJwks = fetcher(clock);
  const apiKeys = createApiKeyAuthenticator({ ...shared, keys: store.keys, peppers });
  const jwts = createJwtAuthenticator({ ...shared, issuers: issuers(config), fetchJwks });
  const together = (now: AuthConfig): Authenticator => {
    const token = now.managementToken ?? ports.bootstrap?.managementToken;
    return createAuthenticator({
      apiKeys,
      jwts,
      ...(token && { management: createManagementAuthenticator(token) }),
    });
  };
  let current = together(config);
  return {
    authenticator: { authenticate: (credentials, signal) => current.authenticate(credentials, signal) },
    check(next) {
      together(next);
      createJwtAuthenticator({ ...shared, issuers: issuers(next), fetchJwks }).close();
    },
    follow(next) {
      jwts.update(issuers(next));
      current = together(next);
    },
    close() {
      apiKeys.close();
      jwts.close();
    },
  };
}

function publishedKeys(config: AuthConfig, keys: readonly SigningKey[], clock: Clock): JsonObject {
  const published = keys.length === 0 ? [] : ownIssuer(config.issuer, keys, clock).jwks().keys;
  return { keys: published.map((key) => ({ ...key })) };
}

/** Keys of others come through the guarded connector, as everything from outside. */
function fetcher(clock: Clock): FetchJwks {
  return ({ url, allowPrivate }, signal) =>
    fetchDocument({
      url,
      name: new URL(url).host,
      accept: "application/jwk-set+json, application/json",
      maxBytes: maxJwksBytes,
      allowPrivate,
      signal,
      clock,
    });
}
