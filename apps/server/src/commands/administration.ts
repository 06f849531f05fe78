/**
 * Administration over the API: of a running server, or of the store itself when none runs.
 *
 * Both ways go through the same services, so that a command does the same wherever it is given.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Client,
  createClient,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createManagementOperations } from "@llmproxy/core";
import { createMemoryEventBus } from "@llmproxy/events";
import { KeyService, ProjectService } from "@llmproxy/proto";
import { ProxyError, Secret, silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import { readOwnerLock } from "@llmproxy/store";
import { readBootstrap } from "../data/bootstrap.ts";
import { openData } from "../data/open-data.ts";
import type { Host } from "../host.ts";
import { managementRoutes } from "../rpc.ts";
import { type CommonOptions, loadHostConfig } from "./load-host-config.ts";

/** Options of every administrative command. */
export interface AdministrationOptions extends CommonOptions {
  /** The URL of a running server. */
  readonly server?: string;
  /** The file that holds the management token. */
  readonly tokenFile?: string;
}

/** Clients of the management services. */
export interface Administration {
  readonly projects: Client<typeof ProjectService>;
  readonly keys: Client<typeof KeyService>;
}

interface Connection {
  readonly transport: Transport;
  close(): Promise<void>;
}

/**
 * Runs an administrative task.
 *
 * @throws `invalid_request` when there is no token to show a running server
 */
export async function administer(
  host: Host,
  options: AdministrationOptions,
  task: (use: Administration) => Promise<void>,
): Promise<void> {
  const connection = await connect(host, options);
  try {
    const { transport } = connection;
    await task({
      projects: createClient(ProjectService, transport),
      keys: createClient(KeyService, transport),
    });
  } finally {
    await connection.close();
  }
}

async function connect(host: Host, options: AdministrationOptions): Promise<Connection> {
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
