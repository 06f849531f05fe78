/**
 * What OpenAI and everybody compatible with it have in common.
 *
 * @module
 */

import { openaiChat } from "../dialects/openai-chat/index.ts";
import type { HttpProviderKind } from "./http-provider.ts";
import { readModels } from "./openai-models.ts";

/** The API as OpenAI made it. */
export const openaiKind: Omit<HttpProviderKind, "kind"> = {
  dialect: openaiChat,
  chatPath: "/chat/completions",
  modelsPath: "/models",
  readModels: (provider, body) => ({ models: readModels(provider, body) }),
};
