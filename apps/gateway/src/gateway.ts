/**
 * The gateway: the LLM endpoints, the REST form of every service and the operators' routes, without RPC protocols.
 *
 * @module
 */

import { type Core, type Server, type StartServerOptions, startServer } from "@llmproxy/core/config";
import type { ListenerRequest, ListenerResponse, RequestHandler } from "@llmproxy/listener";
import { createRestSurface } from "@llmproxy/rest";
import { createServices } from "@llmproxy/services";
import { version } from "./version.ts";

/** What a gateway is started with. */
export type GatewayOptions = Omit<StartServerOptions, "version" | "surface" | "isRestOnly">;

/**
 * Starts a gateway; it accepts connections when this resolves.
 *
 * @throws `ProxyError` with a message that says what to do; nothing is left open then
 */
export function startGateway(options: GatewayOptions): Promise<Server> {
  return startServer({
    ...options,
    version,
    surface: (core) => createRequestHandler(core, options),
    isRestOnly: true,
  });
}

function createRequestHandler(core: Core, { live, clock, logger }: GatewayOptions): RequestHandler {
  const { proxy, operations, health, draining } = core;
  const { server, telemetry } = live.current();
  const registry = createServices({
    core: { handle: proxy.handle, parts: proxy.parts, operations },
    ...{ health, draining, clock },
  });
  return createRestSurface<ListenerRequest, ListenerResponse>({
    ...{ core, registry, version, clock, logger },
    maxBodyBytes: server.maxBodyBytes,
    settings: () => {
      const now = live.current();
      return { cors: now.server.cors, metricsAuth: now.telemetry.metrics.auth };
    },
    metricsPath: telemetry.metrics.enabled ? telemetry.metrics.path : undefined,
  });
}
