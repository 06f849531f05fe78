/**
 * The operations routes of this server.
 *
 * @module
 */

import { authorize, type CredentialHeaders, readCredentials } from "@llmproxy/auth";
import type { Config } from "@llmproxy/config";
import { requestIdOf } from "@llmproxy/core";
import type { Shield } from "@llmproxy/ratelimit";
import { createOperationsRoutes, type OperationsRoutes } from "@llmproxy/rest";
import { type Authenticator, type Clock, type Health, ProxyError } from "@llmproxy/spec";
import type { Metrics } from "@llmproxy/telemetry";

/** What the routes need. */
export interface OperationsRoutesOptions {
  readonly config: Config["telemetry"]["metrics"];
  readonly health: Health;
  readonly metrics: Metrics;
  readonly authenticator: Authenticator;
  readonly shield: Shield;
  readonly clock: Clock;
  readonly version: string;
}

/** How long looking up who asks for metrics may take. */
const admitTimeoutMs = 5000;

/** Makes the routes; metrics ask for credentials where configured. */
export function operationsRoutes(options: OperationsRoutesOptions): OperationsRoutes {
  const { config, health, metrics, clock, version } = options;
  const admit = (headers: CredentialHeaders, address: string | undefined): Promise<void> =>
    admitReader(options, headers, address);
  return createOperationsRoutes({
    health,
    clock,
    version,
    requestId: (offered) => requestIdOf(offered, clock.now()),
    ...(config.enabled && { metrics: { path: config.path, source: metrics, ...(config.auth && { admit }) } }),
  });
}

/** Holds off who keeps failing, as everywhere: the management token must not be guessed here. */
async function admitReader(
  { authenticator, shield }: OperationsRoutesOptions,
  headers: CredentialHeaders,
  address: string | undefined,
): Promise<void> {
  const decision = shield.enter(address);
  if (!decision.admitted) throw decision.error;
  try {
    const principal = await authenticator.authenticate(
      readCredentials(headers),
      AbortSignal.timeout(admitTimeoutMs),
    );
    authorize(principal, "metrics:read");
  } catch (reason) {
    const isGuess = ProxyError.is(reason) && reason.code === "unauthenticated" && reason.reason !== undefined;
    if (isGuess && address !== undefined) shield.recordRefusal(address);
    throw reason;
  } finally {
    decision.leave();
  }
}
