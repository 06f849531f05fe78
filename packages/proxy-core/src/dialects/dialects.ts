/**
 * All dialects, by name.
 *
 * @module
 */

import type { DialectName } from "@llmproxy/spec";
import { anthropicMessages } from "./anthropic-messages/index.ts";
import type { Dialect } from "./dialect.ts";
import { openaiChat } from "./openai-chat/index.ts";

/** A dialect for each name. */
export type Dialects = Readonly<Record<DialectName, Dialect>>;

/** Every dialect there is. */
export const dialects: Dialects = { "openai-chat": openaiChat, "anthropic-messages": anthropicMessages };
