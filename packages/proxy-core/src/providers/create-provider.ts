/**
 * From a definition to a provider, by kind.
 *
 * @module
 */

import type { Clock, Logger, Provider } from "@llmproxy/spec";
import type { Lookup } from "../http/connector.ts";
import { type AnthropicProviderOptions, createAnthropicProvider } from "./anthropic.ts";
import { createEchoProvider } from "./echo.ts";
import type { HttpProviderOptions } from "./http-provider.ts";
import { createOpenAiProvider, type OpenAiProviderOptions } from "./openai.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible.ts";

/** What definitions do not say and {@link ProviderPorts} do. */
type Port = "clock" | "logger" | "lookup";

/** OpenAI. */
export interface OpenAiDefinition extends Omit<OpenAiProviderOptions, Port> {
  readonly kind: "openai";
}

/** Any server that speaks OpenAI's chat API. */
export interface OpenAiCompatibleDefinition extends Omit<HttpProviderOptions, Port> {
  readonly kind: "openai-compatible";
}

/** Anthropic. */
export interface AnthropicDefinition extends Omit<AnthropicProviderOptions, Port> {
  readonly kind: "anthropic";
}

/** Answers by itself, with the last user message. */
export interface EchoDefinition extends Omit<Parameters<typeof createEchoProvider>[0], Port> {
  readonly kind: "echo";
}

/** A provider as configured. */
export type ProviderDefinition =
  | OpenAiDefinition
  | OpenAiCompatibleDefinition
  | AnthropicDefinition
  | EchoDefinition;

/** What a provider is given to work with. */
export interface ProviderPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
}

/**
 * Makes a provider.
 *
 * @throws `invalid_request` (field `base_url`, `api_key` or `headers.<name>`) for what cannot be used
 */
export function createProvider(definition: ProviderDefinition, ports: ProviderPorts): Provider {
  switch (definition.kind) {
    case "openai":
      return createOpenAiProvider({ ...definition, ...ports });
    case "openai-compatible":
      return createOpenAiCompatibleProvider({ ...definition, ...ports });
    case "anthropic":
      return createAnthropicProvider({ ...definition, ...ports });
    case "echo":
      return createEchoProvider({ ...definition, ...ports });
  }
}
