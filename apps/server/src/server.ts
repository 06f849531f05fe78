/**
 * The server: configuration in, one port out. Read `startServer` for the order of start, `stop` for that of the end.
 *
 * @module
 */

import {
  anonymousAuthenticator,
  createApiKeyAuthenticator,
  createAuthenticator,
  createManagementAuthenticator,
} from "@llmproxy/auth";
import type { Config } from "@llmproxy/config";
import { createLlmProxy, createManagementOperations, type LlmProxy } from "@llmproxy/core";
import { createMemoryEventBus } from "@llmproxy/events";
import { createListener, type Listener } from "@llmproxy/listener";
import { createOverloadMonitor, createShield, type OverloadMonitor, type Shield } from "@llmproxy/ratelimit";
import { type Authenticator, type Clock, type EventBus, type Logger, ProxyError } from "@llmproxy/spec";
import { createHealth, createMeter, type ManagedHealth, type Metrics } from "@llmproxy/telemetry";
import type { Bootstrap } from "./data/bootstrap.ts";
import { type OpenData, openData } from "./data/open-data.ts";
import { operationsRoutes } from "./operations.ts";
import { createRequestHandler } from "./routes.ts";
import { createRpcSurface } from "./rpc.ts";
import { version } from "./version.ts";

/** What a server is started with. */
export interface ServerOptions {
  readonly config: Config;
  readonly dataDirectory: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A running server. */
export interface Server {
  readonly url: string;
  /** The first start's credentials; absent where a management token is configured. */
  readonly bootstrap: Bootstrap | undefined;
  /** A model that can be asked for, for people who try the server out; absent where none is known. */
  readonly exampleModel: string | undefined;
  /** Drains, flushes and closes. @returns how many calls had to be broken off */
  stop(): Promise<{ readonly aborted: number }>;
}

/** Everything between the store and the port. */
interface Parts {
  readonly bus: EventBus;
  readonly metrics: Metrics;
  readonly health: ManagedHealth;
  readonly overload: OverloadMonitor;
  readonly shield: Shield;
  readonly authenticator: Authenticator;
  readonly closeAuthenticator: () => void;
  readonly proxy: LlmProxy;
  /** Tells that a drain has begun. */
  readonly draining: AbortController;
  /** Ends what is still running when the drain is over. */
  readonly shutdown: AbortController;
}

const storeCheck = { intervalMs: 5000, timeoutMs: 2000 };
const overloadCheck = { intervalMs: 1000, timeoutMs: 1000 };

/**
 * Starts a server; it accepts connections when this resolves.
 *
 * @throws `ProxyError` with a message that says what to do; nothing is left open then
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const metrics = createMeter({ logger: options.logger });
  const data = await openServerData(options, metrics);
  const parts = assemble(options, data, metrics);
  try {
    await parts.health.settled();
    const listener = await listen(options, data, parts);
    await data.lock.update({ url: listener.url });
    return runningServer(options, data, parts, listener);
  } catch (reason) {
    await close(parts, data);
    throw reason;
  }
}

function openServerData(
  { config, dataDirectory, logger, clock }: ServerOptions,
  { meter }: Metrics,
): Promise<OpenData> {
  const bootstrap = config.auth.managementToken === undefined;
  return openData({ directory: dataDirectory, store: config.store, bootstrap, clock, logger, meter });
}

function assemble({ config, logger, clock }: ServerOptions, data: OpenData, metrics: Metrics): Parts {
  const { meter } = metrics;
  const bus = createMemoryEventBus({ logger });
  const overload = createOverloadMonitor({ clock, logger });
  const shield = createShield({ clock, meter, logger, overload });
  const authentication = openAuthentication(config, data, bus, { clock, logger });
  const proxy = createLlmProxy({
    providers: config.providers,
    models: config.models,
    directModels: config.directModels,
    ...(config.defaultModel !== undefined && { defaultModel: config.defaultModel }),
    authenticator: authentication.authenticator,
    journal: data.store.journal,
    shield,
    http: { maxBodyBytes: config.server.maxBodyBytes, trustedProxies: config.server.trustedProxies },
    version,
    clock,
    logger,
    meter,
  });
  const health = openHealth(data, overload, { clock, logger });
  return {
    bus,
    metrics,
    health,
    overload,
    shield,
    ...authentication,
    proxy,
    draining: new AbortController(),
    shutdown: new AbortController(),
  };
}

interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
}

function openHealth({ store }: OpenData, overload: OverloadMonitor, ports: Ports): ManagedHealth {
  const health = createHealth(ports);
  health.register("store", () => store.check(), storeCheck);
  const checkLoad = (): void => {
    if (overload.state().overloaded) throw new ProxyError("overloaded", "the process is overloaded");
  };
  health.register("load", checkLoad, overloadCheck);
  return health;
}

function openAuthentication(
  { auth }: Config,
  { store, peppers, bootstrap }: OpenData,
  bus: EventBus,
  ports: Ports,
): Pick<Parts, "authenticator" | "closeAuthenticator"> {
  if (!auth.enabled) return { authenticator: anonymousAuthenticator, closeAuthenticator() {} };
  const { keys, projects } = store;
  const apiKeys = createApiKeyAuthenticator({
    keys,
    projects,
    peppers,
    bus,
    ...ports,
    maxStaleMs: auth.maxStaleMs,
  });
  const token = auth.managementToken ?? bootstrap?.managementToken;
  const management = token && createManagementAuthenticator(token);
  return {
    authenticator: createAuthenticator({ apiKeys, ...(management && { management }) }),
    closeAuthenticator: () => apiKeys.close(),
  };
}

function listen(
  { config, logger, clock }: ServerOptions,
  { store, peppers }: OpenData,
  parts: Parts,
): Promise<Listener> {
  const { bus, proxy, health, metrics, authenticator, shield, draining, shutdown } = parts;
  const { meter } = metrics;
  const management = createManagementOperations({ store, bus, peppers, clock });
  const shared = { health, authenticator, clock, logger };
  return createListener({
    handler: createRequestHandler({
      operations: operationsRoutes({ ...shared, shield, config: config.telemetry.metrics, metrics, version }),
      rpc: createRpcSurface({
        ...shared,
        proxy,
        management,
        shield,
        draining: draining.signal,
        maxCallBytes: config.server.maxBodyBytes,
        shutdownSignal: shutdown.signal,
        meter,
      }),
      llm: proxy.http,
    }),
    host: config.server.host,
    port: config.server.port,
    clock,
    logger,
    meter,
  });
}

function runningServer({ config }: ServerOptions, data: OpenData, parts: Parts, listener: Listener): Server {
  const { drainDelayMs, drainTimeoutMs } = config.server;
  return {
    url: listener.url,
    bootstrap: data.bootstrap,
    exampleModel: exampleModel(config),
    async stop() {
      parts.health.startDraining();
      parts.draining.abort(new ProxyError("unavailable", "the server is shutting down"));
      const drained = await listener.drain({ delayMs: drainDelayMs, timeoutMs: drainTimeoutMs });
      await close(parts, data);
      return drained;
    },
  };
}

async function close(parts: Parts, data: OpenData): Promise<void> {
  parts.shutdown.abort(new ProxyError("unavailable", "the server is shutting down"));
  parts.health.close();
  parts.closeAuthenticator();
  await parts.proxy.close();
  parts.overload.close();
  await data.close();
}

function exampleModel({ defaultModel, models, directModels, providers }: Config): string | undefined {
  const echo = directModels ? providers.find((provider) => provider.kind === "echo")?.name : undefined;
  return defaultModel ?? echo ?? models[0]?.name;
}
