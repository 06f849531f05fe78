/**
 * Where compatible vendors put what the model thought; OpenAI itself has no member for it.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";
import { textOf } from "../../json/value.ts";

/** DeepSeek's and xAI's name, or OpenRouter's and Groq's. */
export type ReasoningMember = "reasoning_content" | "reasoning";

/** The member of a message or delta that has reasoning in it; of both the first, as they say the same. */
export function reasoningMember(message: JsonObject): ReasoningMember | undefined {
  if (textOf(message.reasoning_content) !== undefined) return "reasoning_content";
  return textOf(message.reasoning) === undefined ? undefined : "reasoning";
}
