/**
 * The RPC surface of this server.
 *
 * @module
 */

import type { ConnectRouter } from "@connectrpc/connect";
import * as bridge from "@connectrpc/connect-node";
import { authorize, readCredentials } from "@llmproxy/auth";
import type { LlmProxy, ManagementOperations } from "@llmproxy/core";
import type { Shield } from "@llmproxy/ratelimit";
import {
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
  /** Ends what is still running, at the end of a shutdown. */
  readonly shutdownSignal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** Makes the surface. @throws for a registered operation without a permission: such a server must not start */
export function createRpcSurface(options: RpcOptions): RpcHandler {
  const { proxy, management, health, clock } = options;
  const core = {
    handle: proxy.handle,
    parts: proxy.parts,
    operations: { ...management, server: proxy.server },
  };
  const registry = createServices({ core, health, clock });
  return createRpcHandler({
    ...options,
    bridge,
    registry,
    authorize,
    readCredentials,
    clientAddress: proxy.clientAddress,
  });
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
