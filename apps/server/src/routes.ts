/**
 * Which part of the server answers a request on the one port.
 *
 * @module
 */

import type { LiveConfig } from "@llmproxy/config";
import type { Core } from "@llmproxy/core/config";
import type { ListenerRequest, ListenerResponse, RequestHandler } from "@llmproxy/listener";
import { createRestSurface } from "@llmproxy/rest";
import { createServices } from "@llmproxy/services";
import type { Clock, Logger } from "@llmproxy/spec";
import { createRpcSurface } from "./rpc.ts";
import { version } from "./version.ts";

/** Puts the surfaces together: RPC stands between the operators' routes and the REST form of the same services. */
export function createRequestHandler(
  core: Core,
  live: LiveConfig,
  ports: { readonly clock: Clock; readonly logger: Logger },
): RequestHandler {
  const { proxy, operations, health, draining } = core;
  const { server, telemetry } = live.current();
  const { maxBodyBytes } = server;
  const registry = createServices({
    core: { handle: proxy.handle, parts: proxy.parts, operations },
    ...{ health, draining, clock: ports.clock },
  });
  return createRestSurface<ListenerRequest, ListenerResponse>({
    ...{ core, registry, version, maxBodyBytes, ...ports },
    settings: () => {
      const now = live.current();
      return { cors: now.server.cors, metricsAuth: now.telemetry.metrics.auth };
    },
    metricsPath: telemetry.metrics.enabled ? telemetry.metrics.path : undefined,
    others: [createRpcSurface({ core, registry, maxCallBytes: maxBodyBytes, ...ports })],
  });
}
