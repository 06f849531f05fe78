/**
 * Members only one vendor's API knows, by the name of its dialect.
 *
 * @module
 */

import type { DialectName, Extra, JsonObject } from "@llmproxy/spec";
import { expected } from "./expected.ts";

/** What has extensions. */
export type Extended = "chat" | "message" | "content" | "tool";

type Reserved = Readonly<Partial<Record<Extended, readonly string[]>>>;

/**
 * The dialects, each with the members that have a field of their own: a model or a limit in an extension would
 * get past whoever checks the field.
 */
const dialects: Readonly<Record<DialectName, Reserved>> = {
  "openai-chat": {
    chat: [
      ...["model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format"],
      ...["temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "seed", "n"],
      ...["logprobs", "top_logprobs", "max_tokens", "max_completion_tokens", "reasoning_effort", "user"],
      ...["stream", "stream_options"],
    ],
    message: ["role", "content", "name", "tool_calls", "tool_call_id"],
  },
  "anthropic-messages": {
    chat: [
      ...["model", "messages", "system", "tools", "tool_choice"],
      ...["temperature", "top_p", "stop_sequences", "max_tokens", "stream"],
    ],
    message: ["role", "content"],
  },
};

const names = Object.keys(dialects).join(", ");

/**
 * Reads extensions; undefined when there are none.
 *
 * @param field - where they stand, e.g. `chat.messages[0].extensions`
 * @param of - what they extend
 * @throws `invalid_request` naming the entry whose key is no dialect, or whose member has a field of its own
 */
export function readExtensions(
  extensions: Readonly<Record<string, JsonObject>>,
  field: string,
  of: Extended,
): Extra | undefined {
  const entries = Object.entries(extensions);
  if (entries.length === 0) return undefined;
  for (const [name, members] of entries) {
    const path = `${field}[${JSON.stringify(name)}]`;
    if (!isDialect(name)) throw expected(path, `the name of a dialect: ${names}`);
    const taken = dialects[name][of]?.find((member) => Object.hasOwn(members, member));
    if (taken !== undefined) throw expected(`${path}.${taken}`, "it in its own field");
  }
  return Object.fromEntries(entries);
}

/**
 * Reads the name of a dialect.
 *
 * @throws `invalid_request` when there is none of this name
 */
export function readDialect(name: string, field: string): DialectName {
  if (isDialect(name)) return name;
  throw expected(field, `the name of a dialect: ${names}`);
}

function isDialect(name: string): name is DialectName {
  return Object.hasOwn(dialects, name);
}
