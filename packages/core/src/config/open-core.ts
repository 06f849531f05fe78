/**
 * From a configuration to everything a server offers, whichever surfaces it has: an application adds the ports.
 *
 * @module
 */

import { authorize, type CredentialHeaders, readCredentials } from "@llmproxy/auth";
import type { Config, ConfigChange, LiveConfig, PreparedChange } from "@llmproxy/config";
import { createMemoryEventBus } from "@llmproxy/events";
import type { ProviderDefinition } from "@llmproxy/proxy-core";
import { createOverloadMonitor, createShield, type OverloadMonitor, type Shield } from "@llmproxy/ratelimit";
import {
  type Authenticator,
  type Clock,
  type Credentials,
  type EventBus,
  type JsonObject,
  type Logger,
  type Permission,
  type Principal,
  ProxyError,
} from "@llmproxy/spec";
import { createHealth, createMeter, type ManagedHealth, type Metrics } from "@llmproxy/telemetry";
import { createLlmProxy, type LlmProxy } from "../create-llm-proxy.ts";
import { createManagementOperations, type ManagementOperations } from "../operations/operations.ts";
import type { LlmProxyUpdate } from "../options.ts";
import { type Authentication, openAuthentication } from "./authentication.ts";
import { type ConfigurationOperations, createConfigurationOperations } from "./configuration.ts";
import type { Bootstrap } from "./data/bootstrap.ts";
import { type OpenData, openData } from "./data/open-data.ts";
import { createJwtOperations, type JwtOperations } from "./jwt.ts";

/** What a core is opened with. */
export interface OpenCoreOptions {
  /** The configuration, watched. It stays the caller's to close. */
  readonly live: LiveConfig;
  /** Where the store and secrets made at the first start are kept; owned by this process from now on. */
  readonly dataDirectory: string;
  /** The version clients are told. */
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Notices when there is too much to do; one with the default limits when absent. Closed with the core. */
  readonly overload?: OverloadMonitor;
}

/** The operations behind the services. */
export interface CoreOperations extends ManagementOperations {
  readonly server: LlmProxy["server"];
  readonly configuration: ConfigurationOperations;
  readonly jwt: JwtOperations;
}

/** Everything between the store and the ports. */
export interface Core {
  readonly proxy: LlmProxy;
  readonly operations: CoreOperations;
  readonly authenticator: Authenticator;
  /** Lets through who has a permission. @throws `permission_denied` */
  readonly authorize: (principal: Principal, permission: Permission) => void;
  /** Finds the credentials in headers: names in lower case. @throws `ProxyError` for what cannot be read */
  readonly readCredentials: (headers: CredentialHeaders) => Credentials;
  readonly shield: Shield;
  readonly health: ManagedHealth;
  readonly metrics: Metrics;
  /** The first start's credentials; absent where a management token is configured. */
  readonly bootstrap: Bootstrap | undefined;
  /** Aborts when the server begins to stop. */
  readonly draining: AbortSignal;
  /** Ends what is still running when the drain is over. */
  readonly shutdown: AbortSignal;
  /** The public keys of the tokens issued here. */
  jwks(): JsonObject;
  /** Writes down where the server can be reached, and how, for whoever finds the data directory owned. */
  announce(at: { readonly url: string; readonly surface?: "rest" }): Promise<void>;
  /** Tells everybody that the server begins to stop. */
  startDraining(): void;
  /** Ends what still runs, flushes and closes. */
  close(): Promise<void>;
}

const storeCheck = { intervalMs: 5000, timeoutMs: 2000 };
const overloadCheck = { intervalMs: 1000, timeoutMs: 1000 };

/**
 * Opens a core.
 *
 * @throws `ProxyError` with a message that says what to do; nothing is left open then
 */
export async function openCore(options: OpenCoreOptions): Promise<Core> {
  const metrics = createMeter({ logger: options.logger });
  const data = await openCoreData(options, metrics);
  try {
    return await assemble(options, data, metrics);
  } catch (reason) {
    await data.close();
    throw reason;
  }
}

function openCoreData(
  { live, dataDirectory, logger, clock }: OpenCoreOptions,
  { meter }: Metrics,
): Promise<OpenData> {
  const { auth, store } = live.current();
  const bootstrap = auth.managementToken === undefined;
  return openData({ directory: dataDirectory, store, bootstrap, clock, logger, meter });
}

async function assemble(options: OpenCoreOptions, data: OpenData, metrics: Metrics): Promise<Core> {
  const { live, version, logger, clock } = options;
  const { meter } = metrics;
  const ports = { clock, logger };
  const bus = createMemoryEventBus({ logger });
  const config = live.current();
  const authentication = await openAuthentication(config.auth, {
    ...{ ...data, bus, ...ports },
    dataDirectory: options.dataDirectory,
  });
  const overload = options.overload ?? createOverloadMonitor(ports);
  const shield = createShield({ ...ports, meter, overload });
  const opened: (() => unknown)[] = [authentication.close, () => shield.close(), () => overload.close()];
  const { authenticator } = authentication;
  const { journal } = data.store;
  try {
    const proxy = await createLlmProxy({
      ...settingsOf(config),
      ...{ authenticator, journal, shield, version, clock, logger, meter },
    });
    opened.push(() => proxy.close());
    const parts = { data, bus, overload, shield, authentication, proxy, metrics };
    const stopFollowing = live.onChange((change) => prepareChange(change, parts));
    opened.push(stopFollowing);
    await catchUp(live, config, parts);
    return coreOf(options, { ...parts, stopFollowing, health: openHealth(data, overload, ports) });
  } catch (reason) {
    for (const close of opened) await close();
    throw reason;
  }
}

/** What changed while the core was opened, nobody has told it. */
async function catchUp(live: LiveConfig, opened: Config, parts: Parts): Promise<void> {
  const next = live.current();
  if (next !== opened) (await prepareChange({ next }, parts)).commit();
}

interface Parts {
  readonly data: OpenData;
  readonly bus: EventBus;
  readonly overload: OverloadMonitor;
  readonly shield: Shield;
  readonly authentication: Authentication;
  readonly proxy: LlmProxy;
  readonly metrics: Metrics;
}

/** What a configuration says of the proxy. */
function settingsOf({ server, providers, models, directModels, defaultModel }: Config): LlmProxyUpdate {
  const { maxBodyBytes, trustedProxies, cors } = server;
  const definitions: readonly ProviderDefinition[] = providers;
  return {
    providers: definitions,
    models,
    directModels,
    ...(defaultModel !== undefined && { defaultModel }),
    http: { maxBodyBytes, trustedProxies, cors },
  };
}

/** Everything is made before anything is replaced, so that a change is taken as a whole or not at all. */
async function prepareChange(
  { next }: Pick<ConfigChange, "next">,
  { authentication, proxy }: Parts,
): Promise<PreparedChange> {
  const identities = await authentication.prepare(next.auth);
  const models = proxy.prepare(settingsOf(next));
  const both = [identities, models];
  return {
    commit: () => {
      for (const each of both) each.commit();
    },
    discard: () => {
      for (const each of both) each.discard();
    },
  };
}

function coreOf(
  options: OpenCoreOptions,
  parts: Parts & { readonly health: ManagedHealth; readonly stopFollowing: () => void },
): Core {
  const { data, authentication, proxy, health, shield, metrics } = parts;
  const draining = new AbortController();
  const shutdown = new AbortController();
  const configuration = createConfigurationOperations(options.live, options.clock);
  const stopping = (): ProxyError => new ProxyError("unavailable", "the server is shutting down");
  return {
    ...{ proxy, health, shield, metrics },
    operations: { ...operationsOf(options.clock, parts), configuration },
    authenticator: authentication.authenticator,
    ...{ authorize, readCredentials },
    bootstrap: data.bootstrap,
    draining: draining.signal,
    shutdown: shutdown.signal,
    jwks: authentication.jwks,
    announce: (at) => data.lock.update(at),
    startDraining() {
      health.startDraining();
      draining.abort(stopping());
    },
    async close() {
      shutdown.abort(stopping());
      parts.stopFollowing();
      configuration.close();
      health.close();
      authentication.close();
      await proxy.close();
      parts.overload.close();
      await data.close();
    },
  };
}

function operationsOf(
  clock: Clock,
  { data, bus, proxy, authentication }: Parts,
): Omit<CoreOperations, "configuration"> {
  const { store, peppers } = data;
  return {
    ...createManagementOperations({ store, bus, peppers, clock }),
    server: proxy.server,
    jwt: createJwtOperations(authentication, store.projects),
  };
}

function openHealth(
  { store }: OpenData,
  overload: OverloadMonitor,
  ports: { readonly clock: Clock; readonly logger: Logger },
): ManagedHealth {
  const health = createHealth(ports);
  health.register("store", () => store.check(), storeCheck);
  const checkLoad = (): void => {
    if (overload.state().overloaded) throw new ProxyError("overloaded", "the process is overloaded");
  };
  health.register("load", checkLoad, overloadCheck);
  return health;
}
