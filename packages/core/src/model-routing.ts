/**
 * Who answers which model, as one unit that can be replaced while calls are in flight.
 *
 * @module
 */

import {
  createModelRegistry,
  createPriorityPicker,
  createProvider,
  createRouter,
  createTokenCounter,
  type ModelDefinition,
  type ModelRegistry,
  type ProviderDefinition,
  type TokenCounter,
} from "@llmproxy/proxy-core";
import {
  type Call,
  type Clock,
  type Handler,
  type Logger,
  type ModelInfo,
  type Provider,
  ProxyError,
  type Reply,
  type Route,
} from "@llmproxy/spec";
import { isSameDefinition } from "./same-definition.ts";

/** A provider as it is defined, or one of the caller's own making. */
export type ProviderSource = ProviderDefinition | Provider;

/** Who answers which model. */
export interface RoutingOptions {
  /** At least one. Names are unique. */
  readonly providers: readonly ProviderSource[];
  /** Names for clients and where they lead; none when absent. */
  readonly models?: readonly ModelDefinition[];
  /** Whether `<provider>/<model>` and bare model ids resolve; true when there are no `models`. */
  readonly directModels?: boolean;
  /** What a request without a model gets. */
  readonly defaultModel?: string;
}

/** A change that is ready. Exactly one of the two is called, once. */
export interface PreparedUpdate {
  /** Puts it into effect, from the next call on. */
  commit(): void;
  /** Throws it away. */
  discard(): void;
}

/** Routes calls, as configured now. */
export interface ModelRouting {
  /** Asks a model. @throws `ProxyError` when there is no answer */
  route(call: Call): Promise<Reply>;
  /** Counts the input of a call. */
  countTokens(call: Call): ReturnType<TokenCounter>;
  /** Every model, as known now. */
  models(): readonly ModelInfo[];
  /** What a name leads to. @throws `model_not_found` */
  resolve(name: string): Route;
  defaultModel(): string | undefined;
  /**
   * Makes ready to replace who answers; one change at a time. Once that has happened calls in flight end where they began; a provider whose
   * definition is the same stays as it is, with its connections and its catalogue.
   *
   * @throws `invalid_request` naming the option that is wrong
   */
  prepare(options: RoutingOptions): PreparedUpdate;
  /** Closes idle connections and stops background work. */
  close(): Promise<void>;
}

interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Everything that is swapped together. */
interface Snapshot {
  readonly providers: ReadonlyMap<Provider, ProviderSource>;
  readonly registry: ModelRegistry;
  readonly route: Handler;
  readonly countTokens: TokenCounter;
}

/**
 * Makes the routing.
 *
 * @throws `invalid_request` naming the option that is wrong
 */
export function createModelRouting(options: RoutingOptions, ports: Ports): ModelRouting {
  let current = snapshotOf(options, new Map(), ports);
  return {
    route: (call) => current.route(call),
    countTokens: (call) => current.countTokens(call),
    models: () => current.registry.list(),
    resolve: (name) => current.registry.resolve(name),
    defaultModel: () => current.registry.defaultModel,
    prepare(next) {
      const before = current;
      const after = snapshotOf(next, before.providers, ports);
      return {
        commit() {
          current = after;
          void closeAll(onlyIn(before, after), ports.logger);
        },
        discard: () => void closeAll(onlyIn(after, before), ports.logger),
      };
    },
    close: () => closeAll([...current.providers.keys()], ports.logger),
  };
}

function snapshotOf(
  options: RoutingOptions,
  before: ReadonlyMap<Provider, ProviderSource>,
  ports: Ports,
): Snapshot {
  checkProviders(options.providers);
  const made: Provider[] = [];
  const open = (source: ProviderSource): [Provider, ProviderSource] => {
    if (isProvider(source)) return [source, source];
    const known = [...before].find(([, definition]) => isSameDefinition(definition, source));
    if (known) return [known[0], source];
    const provider = createProvider(source, ports);
    made.push(provider);
    return [provider, source];
  };
  try {
    const providers = new Map(options.providers.map(open));
    return { providers, ...routesOf(options, [...providers.keys()], ports) };
  } catch (reason) {
    // What was made for a configuration that is refused must not go on asking for catalogues.
    void closeAll(made, ports.logger);
    throw reason;
  }
}

/** A configuration file has been checked by its schema; an embedding application's options have not. */
function checkProviders(providers: readonly ProviderSource[]): void {
  if (providers.length === 0)
    throw new ProxyError("invalid_request", "providers: expected at least one", { field: "providers" });
  const names = new Set<string>();
  for (const [index, { name }] of providers.entries()) {
    if (names.has(name)) {
      const field = `providers[${index}].name`;
      throw new ProxyError("invalid_request", `${field}: ${JSON.stringify(name)} is taken`, { field });
    }
    names.add(name);
  }
}

function routesOf(options: RoutingOptions, providers: readonly Provider[], ports: Ports) {
  const models = options.models ?? [];
  const registry = createModelRegistry({
    models,
    providers,
    directModels: options.directModels ?? models.length === 0,
    defaultModel: options.defaultModel,
  });
  const use = { registry, providers, picker: createPriorityPicker(), ...ports };
  return { registry, route: createRouter(use), countTokens: createTokenCounter(use) };
}

/** The providers of one snapshot that the other does not have. */
function onlyIn(one: Snapshot, other: Snapshot): readonly Provider[] {
  return [...one.providers.keys()].filter((provider) => !other.providers.has(provider));
}

function isProvider(source: ProviderSource): source is Provider {
  return "call" in source && typeof source.call === "function";
}

async function closeAll(providers: readonly Provider[], logger: Logger): Promise<void> {
  const closed = await Promise.allSettled(providers.map((provider) => provider.close()));
  for (const result of closed)
    if (result.status === "rejected") logger.warn({ error: result.reason }, "a provider could not be closed");
}
