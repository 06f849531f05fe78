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
import { openManagement, readBootstrap } from "@llmproxy/core/config";
import { ProxyError, Secret } from "@llmproxy/spec";
import { readOwnerLock } from "@llmproxy/store";
import type { Host } from "../host.ts";
import { managementRoutes } from "../rpc.ts";
import type { AdministrationOptions } from "./administration.ts";
import { namingServer } from "./connect-error.ts";
import { loadHostConfig } from "./load-host-config.ts";

/** A way to the management services. */
export interface Connection {
  readonly transport: Transport;
  close(): Promise<void>;
}

/** A way to a running server. */
export interface ServerConnection extends Connection {
  readonly url: string;
  /** Whether it owns the data directory of this command, and so has its files on this machine. */
  readonly isOwner: boolean;
}

/**
 * Finds who carries commands out: the given server, else the one that owns the data directory, else this process.
 *
 * @throws `invalid_request` when there is no token to show a running server
 */
export async function openConnection(host: Host, options: AdministrationOptions): Promise<Connection> {
  const server = await findServer(host, options);
  return server ?? local(host, options, resolve(host.directory, options.dataDir));
}

/**
 * Finds the running server: the given one, else the one that owns the data directory; undefined when none runs.
 *
 * @throws `invalid_request` when there is no token to show it
 * @throws `conflict` when it answers REST only, which no command speaks
 */
export async function findServer(
  host: Host,
  options: AdministrationOptions,
): Promise<ServerConnection | undefined> {
  const directory = resolve(host.directory, options.dataDir);
  const owner = await readOwnerLock(directory);
  const url = options.server ?? owner?.url;
  if (url === undefined) return undefined;
  const isOwner = url === owner?.url;
  if (isOwner && owner.surface === "rest") throw restOnly(directory, url);
  if (options.tokenFile !== undefined)
    return remote(url, isOwner, await readToken(resolve(host.directory, options.tokenFile)));
  if (!isOwner)
    // Our own token is for our own server: a mistyped URL must not get it.
    throw new ProxyError(
      "invalid_request",
      "--server needs the file that holds its management token: --token-file FILE",
    );
  return remote(url, isOwner, await ownToken(host, options, directory));
}

function restOnly(directory: string, url: string): ProxyError {
  return new ProxyError(
    "conflict",
    `the data directory ${directory} is in use by a gateway at ${url}, which answers REST only: ` +
      `call ${url}/manage/… instead (see ${url}/docs), or stop the gateway first`,
    { reason: "data_directory_in_use" },
  );
}

function remote(baseUrl: string, isOwner: boolean, token: Secret): ServerConnection {
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? ""))
    throw new ProxyError(
      "invalid_request",
      `--server: expected a URL such as http://127.0.0.1:8080, got ${baseUrl}`,
    );
  const authorize: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${token.reveal()}`);
    try {
      return await next(request);
    } catch (reason) {
      throw namingServer(reason, baseUrl);
    }
  };
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    interceptors: [authorize],
    nodeOptions: { agent: false },
  });
  return { transport, url: baseUrl, isOwner, close: async () => {} };
}

/** The services over the store itself, which this process then owns. */
async function local(host: Host, options: AdministrationOptions, directory: string): Promise<Connection> {
  const { config } = await loadHostConfig(host, options);
  const { operations, close } = await openManagement(config, directory);
  return { transport: createRouterTransport(managementRoutes(operations)), close };
}

async function readToken(path: string): Promise<Secret> {
  try {
    return new Secret((await readFile(path, "utf8")).trim());
  } catch (reason) {
    throw new ProxyError("invalid_request", `--token-file: ${path} cannot be read`, { cause: reason });
  }
}

/**
 * The token of the server that owns a data directory: the configured one, else that of the first start. Where the
 * configuration cannot be read here, perhaps because its secrets are in another shell, the first start's has to do.
 */
async function ownToken(host: Host, options: AdministrationOptions, directory: string): Promise<Secret> {
  const bootstrap = await readBootstrap(directory);
  const configured = await loadHostConfig(host, options).then(
    ({ config }) => config.auth.managementToken,
    (reason: unknown) => {
      if (!bootstrap) throw reason;
      return undefined;
    },
  );
  const token = configured ?? bootstrap?.managementToken;
  if (!token)
    throw new ProxyError(
      "invalid_request",
      "no management token: give the file that holds it with --token-file FILE",
    );
  return token;
}
