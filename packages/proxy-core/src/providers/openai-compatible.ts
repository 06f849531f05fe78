/**
 * Any server that speaks OpenAI's chat API: vLLM, Ollama, llama.cpp, LM Studio and many vendors.
 *
 * @module
 */

import type { Provider } from "@llmproxy/spec";
import { createHttpProvider, type HttpProviderOptions } from "./http-provider.ts";
import { openaiKind } from "./openai-kind.ts";

/**
 * Makes a provider that calls an OpenAI-compatible server.
 *
 * @throws `invalid_request` (field `base_url`, `api_key` or `headers.<name>`) for what cannot be used
 */
export function createOpenAiCompatibleProvider(options: HttpProviderOptions): Provider {
  return createHttpProvider({ ...openaiKind, kind: "openai-compatible", useOldForms: true }, options);
}
