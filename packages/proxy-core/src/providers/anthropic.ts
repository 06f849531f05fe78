/**
 * Anthropic.
 *
 * @see Anthropic API reference, "Messages" and "Versions"
 * @module
 */

import type { JsonObject, Provider } from "@llmproxy/spec";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import { writeCountTokensRequest } from "../dialects/anthropic-messages/request.ts";
import { anthropicModelsPath, readAnthropicModels } from "./anthropic-models.ts";
import { createHttpProvider, type HttpProviderKind, type HttpProviderOptions } from "./http-provider.ts";

/** How Anthropic is configured. */
export interface AnthropicProviderOptions extends Omit<HttpProviderOptions, "baseUrl"> {
  /** Default `https://api.anthropic.com/v1`. */
  readonly baseUrl?: string | undefined;
}

const defaultBaseUrl = "https://api.anthropic.com/v1";

/** The version that still has `temperature` and `top_p`; nothing else of what is translated differs in 2026-10-21. */
const version = "2023-06-01";

const anthropicKind: HttpProviderKind = {
  kind: "anthropic",
  dialect: anthropicMessages,
  keyHeader: "x-api-key",
  headers: { "anthropic-version": version },
  chatPath: "/messages",
  modelsPath: anthropicModelsPath,
  readModels: readAnthropicModels,
  tokenCount: { path: "/messages/count_tokens", write: writeCountTokensRequest, read: readCount },
};

/**
 * Makes a provider that calls Anthropic. A client's `anthropic-version` and `anthropic-beta` go through where the
 * client speaks Anthropic's dialect itself.
 *
 * @throws `invalid_request` (field `base_url`, `api_key` or `headers.<name>`) for what cannot be used
 */
export function createAnthropicProvider(options: AnthropicProviderOptions): Provider {
  return createHttpProvider(anthropicKind, { ...options, baseUrl: options.baseUrl ?? defaultBaseUrl });
}

function readCount({ input_tokens: tokens }: JsonObject): number | undefined {
  return typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : undefined;
}
