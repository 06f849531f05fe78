/**
 * What model names mean.
 *
 * @module
 */

import { type ModelInfo, type Provider, ProxyError, type Route, type Target } from "@llmproxy/spec";
import { createCatalogueIndex } from "./catalogue-index.ts";
import { checkModels, type ModelDefinition } from "./model-definition.ts";
import { nearestName } from "./nearest-name.ts";

/** What a {@link createModelRegistry} is made from. */
export interface ModelRegistryOptions {
  /** Configured models, in order. */
  readonly models: readonly ModelDefinition[];
  /** Configured providers, in order. */
  readonly providers: readonly Provider[];
  /** Whether `<provider>/<model>` and bare ids of catalogues resolve; when absent, only if `models` is empty. */
  readonly directModels?: boolean | undefined;
  /** What a request without a model gets. */
  readonly defaultModel?: string | undefined;
}

/** Resolves model names. */
export interface ModelRegistry {
  /** What a request without a model gets; absent when it must name one. */
  readonly defaultModel: string | undefined;
  /**
   * Tells what a name means, in this order: a configured model's name or alias, exactly; `<provider>/<rest>`,
   * split at the first slash; an id in a provider's catalogue, first provider first. The last two hold only
   * for direct models.
   *
   * @throws `model_not_found` (field `model`) naming the nearest name there is
   */
  resolve(name: string): Route;
  /** Everything that can be asked for: configured models, then catalogues. An id that means something else, as
   * a configured name or that of an earlier provider, is listed as `<provider>/<id>`. */
  list(): readonly ModelInfo[];
}

/**
 * Makes a registry.
 *
 * @throws `invalid_request` with the path of the violation (e.g. `models[1].targets[0].provider`) for a name
 *   used twice, a model without targets and a target of an unknown provider
 */
export function createModelRegistry(options: ModelRegistryOptions): ModelRegistry {
  checkModels(options.models, options.providers);
  return new Registry(options);
}

class Registry implements ModelRegistry {
  readonly defaultModel: string | undefined;
  readonly #models: readonly ModelDefinition[];
  readonly #providers: readonly Provider[];
  readonly #isDirect: boolean;
  readonly #configured = new Map<string, Route>();
  readonly #catalogues = createCatalogueIndex();

  constructor({ models, providers, directModels, defaultModel }: ModelRegistryOptions) {
    this.defaultModel = defaultModel;
    this.#models = models;
    this.#providers = providers;
    this.#isDirect = directModels ?? models.length === 0;
    for (const { name, aliases = [], targets } of models) {
      const route = { name, targets };
      for (const known of [name, ...aliases]) this.#configured.set(known, route);
    }
  }

  resolve(name: string): Route {
    const route = this.#configured.get(name);
    if (route) return route;
    const target = this.#isDirect ? (this.#prefixed(name) ?? this.#catalogued(name)) : undefined;
    if (target) return { name, targets: [target] };
    throw this.#notFound(name);
  }

  list(): readonly ModelInfo[] {
    const configured = this.#models.map((model) => this.#describe(model));
    return this.#isDirect
      ? [...configured, ...this.#providers.flatMap((provider) => this.#directModels(provider))]
      : configured;
  }

  #prefixed(name: string): Target | undefined {
    const slash = name.indexOf("/");
    const model = name.slice(slash + 1);
    if (slash < 1 || model === "") return undefined;
    const provider = this.#providers.find((candidate) => candidate.name === name.slice(0, slash));
    return provider && { provider: provider.name, model };
  }

  #catalogued(id: string): Target | undefined {
    const provider = this.#providers.find((candidate) => this.#catalogues.find(candidate, id));
    return provider && { provider: provider.name, model: id };
  }

  #describe({ name, aliases = [], targets: [first] }: ModelDefinition): ModelInfo {
    const provider = this.#providers.find((candidate) => candidate.name === first?.provider);
    const known = provider && first && this.#catalogues.find(provider, first.model);
    return { ...known, id: name, provider: first?.provider ?? "", aliases };
  }

  #directModels(provider: Provider): readonly ModelInfo[] {
    return provider.models().map((model) => ({ ...model, id: this.#idOf(provider, model.id) }));
  }

  /** The bare id where it leads to this provider's model, else the one with the provider's name. */
  #idOf(provider: Provider, id: string): string {
    const isTaken = this.#configured.has(id) || this.#prefixed(id) !== undefined;
    return !isTaken && this.#catalogued(id)?.provider === provider.name ? id : `${provider.name}/${id}`;
  }

  #notFound(name: string): ProxyError {
    const nearest = nearestName(name, this.#names());
    const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
    const shown = name.length > maxShownLength ? `${name.slice(0, maxShownLength)}…` : name;
    return new ProxyError("model_not_found", `there is no model "${shown}"${hint}`, { field: "model" });
  }

  *#names(): Iterable<string> {
    yield* this.#configured.keys();
    if (!this.#isDirect) return;
    for (const provider of this.#providers) for (const { id } of provider.models()) yield id;
  }
}

const maxShownLength = 128;
