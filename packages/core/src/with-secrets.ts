/**
 * Keys that were given as text.
 *
 * @module
 */

import { Secret } from "@llmproxy/spec";
import type { ProviderSource, RoutingOptions } from "./model-routing.ts";
import type { ModelOptions, ProviderInput } from "./options.ts";

/** The same options with every key wrapped, so that none can be printed from here on. */
export function withSecrets(options: ModelOptions): RoutingOptions {
  return { ...options, providers: options.providers.map(withSecret) };
}

function withSecret(provider: ProviderInput): ProviderSource {
  if ("call" in provider || provider.kind === "echo") return provider;
  const { apiKey } = provider;
  return { ...provider, apiKey: typeof apiKey === "string" ? new Secret(apiKey) : apiKey };
}
