/**
 * Finding a model in a provider's catalogue without walking through it.
 *
 * @module
 */

import type { ModelInfo, Provider } from "@llmproxy/spec";

/** An index over catalogues. */
export interface CatalogueIndex {
  /** The model with this id in the provider's catalogue as known now. */
  find(provider: Provider, id: string): ModelInfo | undefined;
}

/** Makes an index that is built anew whenever a provider hands out another list. */
export function createCatalogueIndex(): CatalogueIndex {
  const indexes = new WeakMap<readonly ModelInfo[], ReadonlyMap<string, ModelInfo>>();
  return {
    find(provider, id) {
      const models = provider.models();
      let index = indexes.get(models);
      if (!index) {
        index = new Map(models.map((model) => [model.id, model]));
        indexes.set(models, index);
      }
      return index.get(id);
    },
  };
}
