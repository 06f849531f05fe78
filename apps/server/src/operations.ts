/**
 * The operations routes of this server.
 *
 * @module
 */

import { authorize, readCredentials } from "@llmproxy/auth";
import type { Config } from "@llmproxy/config";
import { createOperationsRoutes, type OperationsRoutes } from "@llmproxy/rest";
import type { Authenticator, Clock, Health } from "@llmproxy/spec";
import type { Metrics } from "@llmproxy/telemetry";

/** What the routes need. */
export interface OperationsRoutesOptions {
  readonly config: Config["telemetry"]["metrics"];
  readonly health: Health;
  readonly metrics: Metrics;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly version: string;
}

/** How long looking up who asks for metrics may take. */
const admitTimeoutMs = 5000;

/** Makes the routes; metrics ask for credentials where configured. */
export function operationsRoutes(options: OperationsRoutesOptions): OperationsRoutes {
  const { config, health, metrics, authenticator, clock, version } = options;
  const admit = async (headers: Parameters<typeof readCredentials>[0]): Promise<void> => {
    const principal = await authenticator.authenticate(
      readCredentials(headers),
      AbortSignal.timeout(admitTimeoutMs),
    );
    authorize(principal, "server:read");
  };
  return createOperationsRoutes({
    health,
    clock,
    version,
    ...(config.enabled && { metrics: { path: config.path, source: metrics, ...(config.auth && { admit }) } }),
  });
}
