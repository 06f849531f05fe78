/**
 * The RPC surface of this server: Connect, gRPC-Web and gRPC.
 *
 * @module
 */

import type { ConnectRouter } from "@connectrpc/connect";
import { authorize } from "@llmproxy/auth";
import type { Core, Management } from "@llmproxy/core/config";
import type { ListenerRequest, ListenerResponse } from "@llmproxy/listener";
import type { Surface } from "@llmproxy/rest";
import {
  aliasesOf,
  createRpcHandler,
  createRpcRegistry,
  createRpcRoutes,
  jwtRpcs,
  keyRpcs,
  projectRpcs,
  type RpcHandler,
  type RpcRegistry,
} from "@llmproxy/services";
import type { Clock, Logger, Principal } from "@llmproxy/spec";

/** What the surface is made from. */
export interface RpcOptions {
  readonly core: Core;
  readonly registry: RpcRegistry;
  /** The largest message of a call to a model, in bytes. */
  readonly maxCallBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes the surface. What serves the registry is loaded by the first RPC, because it brings HTTP/2 and its own idea
 * of headers with it, 15 MB that a server without RPC clients does not need.
 */
export function createRpcSurface(options: RpcOptions): Surface<ListenerRequest, ListenerResponse> {
  const { registry, logger } = options;
  let loading: Promise<RpcHandler> | undefined;
  const services = new Set(registry.services.flatMap(({ typeName }) => [typeName, ...aliasesOf(typeName)]));
  return {
    handle(request, response) {
      if (!services.has((request.url ?? "/").split("/", 2)[1] ?? "")) return false;
      loading ??= load(options);
      loading
        .then((handler) => handler.handle(request, response))
        .catch((reason: unknown) => {
          logger.error({ error: reason }, "the RPC surface cannot be loaded");
          // gRPC clients read 503 as UNAVAILABLE, which they may try again elsewhere.
          response.statusCode = 503;
          response.end();
        });
      return true;
    },
  };
}

async function load({ core, registry, maxCallBytes, clock, logger }: RpcOptions): Promise<RpcHandler> {
  const bridge = await import("@connectrpc/connect-node");
  const { authenticator, authorize, readCredentials, shield, metrics, proxy, shutdown } = core;
  return createRpcHandler({
    ...{ bridge, registry, authenticator, authorize, readCredentials, shield, clock, logger },
    limits: { maxCallBytes },
    shutdownSignal: shutdown,
    meter: metrics.meter,
    clientAddress: proxy.clientAddress,
  });
}

const root: Principal = { kind: "management", id: "command-line", roles: ["root"] };

/** The management services alone, for whoever owns the store and therefore everything in it. */
export function managementRoutes({
  projects,
  keys,
  jwt,
}: Management["operations"]): (router: ConnectRouter) => void {
  return createRpcRoutes({
    registry: createRpcRegistry([...projectRpcs(projects), ...keyRpcs(keys), ...jwtRpcs(jwt)]),
    authenticator: { authenticate: async () => root },
    authorize,
    readCredentials: () => ({ kind: "none" }),
  });
}
