/**
 * Where administrative commands are carried out: by a running server, or here, on the store itself.
 *
 * Both ways go through the same services, so that a command does the same wherever it is given.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createRouterTransport, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createManagementOperations } from "@llmproxy/core";
import { createMemoryEventBus } from "@llmproxy/events";
import { ProxyError, Secret, silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import { readOwnerLock } from "@llmproxy/store";
import { readBootstrap } from "../data/bootstrap.ts";
import { openData } from "../data/open-data.ts";
import type { Host } from "../host.ts";
import { managementRoutes } from "../rpc.ts";
import type { AdministrationOptions } from "./administration.ts";
import { loadHostConfig } from "./load-host-config.ts";

/** A way to the management services. */
export interface Connection {
  readonly transport: Transport;
  close(): Promise<void>;
}

/**
 * Finds who carries commands out: the given server, else the one that owns the data directory, else this process.
 *
 * @throws `invalid_request` when there is no token to show a running server
 */
export async function openConnection(host: Host, options: AdministrationOptions): Promise<Connection> {
  const directory = resolve(host.directory, options.dataDir);
  if (options.server !== undefined) return remote(options.server, await tokenOf(host, options, directory));
  const owner = await readOwnerLock(directory);
  if (owner?.url === undefined) return local(host, options, directory);
  return remote(owner.url, await tokenOf(host, options, directory));
}

function remote(baseUrl: string, token: Secret): Connection {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token.reveal()}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    interceptors: [authorize],
    nodeOptions: { agent: false },
  });
  return { transport, close: async () => {} };
}

/** The services over the store itself, which this process then owns. */
async function local(host: Host, options: AdministrationOptions, directory: string): Promise<Connection> {
  const { config } = await loadHostConfig(host, options);
  const data = await openData({
    directory,
    store: config.store,
    bootstrap: config.auth.managementToken === undefined,
    clock: systemClock,
    logger: silentLogger,
    meter: silentMeter,
  });
  const management = createManagementOperations({ ...data, bus: createMemoryEventBus(), clock: systemClock });
  const transport = createRouterTransport(managementRoutes(management));
  return { transport, close: () => data.close() };
}

/** The token in the given file, else the configured one, else that of the first start. */
async function tokenOf(host: Host, options: AdministrationOptions, directory: string): Promise<Secret> {
  if (options.tokenFile !== undefined)
    return new Secret((await readFile(resolve(host.directory, options.tokenFile), "utf8")).trim());
  const configured = (await loadHostConfig(host, options)).config.auth.managementToken;
  const token = configured ?? (await readBootstrap(directory))?.managementToken;
  if (!token)
    throw new ProxyError(
      "invalid_request",
      "no management token: give the file that holds it with --token-file",
    );
  return token;
}
