/**
 * OpenAI.
 *
 * @module
 */

import type { Provider } from "@llmproxy/spec";
import { createHttpProvider, type HttpProviderOptions } from "./http-provider.ts";
import { openaiKind } from "./openai-kind.ts";

/** How OpenAI is configured. */
export interface OpenAiProviderOptions extends Omit<HttpProviderOptions, "baseUrl"> {
  /** Default `https://api.openai.com/v1`. */
  readonly baseUrl?: string | undefined;
}

const defaultBaseUrl = "https://api.openai.com/v1";

/**
 * Makes a provider that calls OpenAI.
 *
 * @throws `invalid_request` (field `base_url`, `api_key` or `headers.<name>`) for what cannot be used
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  return createHttpProvider(
    { ...openaiKind, kind: "openai" },
    { ...options, baseUrl: options.baseUrl ?? defaultBaseUrl },
  );
}
