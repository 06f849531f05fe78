/**
 * The RPC surface of this server.
 *
 * @module
 */

import type { ConnectRouter } from "@connectrpc/connect";
import { authorize, readCredentials } from "@llmproxy/auth";
import type { LlmProxy, ManagementOperations } from "@llmproxy/core";
import type { ListenerRequest, ListenerResponse } from "@llmproxy/listener";
import type { Shield } from "@llmproxy/ratelimit";
import {
  aliasesOf,
  createRpcHandler,
  createRpcRegistry,
  createRpcRoutes,
  createServices,
  keyRpcs,
  projectRpcs,
  type RpcHandler,
} from "@llmproxy/services";
import type { Authenticator, Clock, Health, Logger, Meter, Principal } from "@llmproxy/spec";

/** What the surface is made from. */
export interface RpcOptions {
  readonly proxy: LlmProxy;
  readonly management: ManagementOperations;
  readonly health: Health;
  readonly authenticator: Authenticator;
  readonly shield: Shield;
  /** Aborts when the server begins to stop. */
  readonly draining: AbortSignal;
  /** The largest message of a call to a model, in bytes. */
  readonly maxCallBytes: number;
  /** Ends what is still running, at the end of a shutdown. */
  readonly shutdownSignal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** Answers RPCs. */
export interface RpcSurface {
  /** Whether a path, perhaps with a query, belongs to a service or an alias of one. */
  matches(path: string): boolean;
  /** Answers a request completely; never throws. */
  handle(request: ListenerRequest, response: ListenerResponse): void;
}

/**
 * Makes the surface. The registry is checked now; what serves it is loaded by the first RPC, because it brings
 * HTTP/2 and its own idea of headers with it, 15 MB that a server without RPC clients does not need.
 *
 * @throws for a registered operation without a permission: such a server must not start
 */
export function createRpcSurface(options: RpcOptions): RpcSurface {
  const { proxy, management, health, draining, maxCallBytes, clock } = options;
  const core = {
    handle: proxy.handle,
    parts: proxy.parts,
    operations: { ...management, server: proxy.server },
  };
  const registry = createServices({ core, health, draining, clock });
  const load = async (): Promise<RpcHandler> => {
    const bridge = await import("@connectrpc/connect-node");
    const { clientAddress } = proxy;
    return createRpcHandler({
      ...options,
      limits: { maxCallBytes },
      bridge,
      registry,
      authorize,
      readCredentials,
      clientAddress,
    });
  };
  let loading: Promise<RpcHandler> | undefined;
  const services = new Set(registry.services.flatMap(({ typeName }) => [typeName, ...aliasesOf(typeName)]));
  return {
    matches: (path) => services.has(path.split("/", 2)[1] ?? ""),
    handle(request, response) {
      loading ??= load();
      loading
        .then((handler) => handler.handle(request, response))
        .catch((reason: unknown) => {
          options.logger.error({ error: reason }, "the RPC surface cannot be loaded");
          // gRPC clients read 503 as UNAVAILABLE, which they may try again elsewhere.
          response.statusCode = 503;
          response.end();
        });
    },
  };
}

const root: Principal = { kind: "management", id: "command-line", roles: ["root"] };

/** The management services alone, for whoever owns the store and therefore everything in it. */
export function managementRoutes(management: ManagementOperations): (router: ConnectRouter) => void {
  return createRpcRoutes({
    registry: createRpcRegistry([...projectRpcs(management.projects), ...keyRpcs(management.keys)]),
    authenticator: { authenticate: async () => root },
    authorize,
    readCredentials: () => ({ kind: "none" }),
  });
}
