/**
 * What only this dialect can say and would change the answer.
 *
 * Settings this file does not know are such things. Left out are wishes about storage, price, speed and caching,
 * and what vendors add to messages they once wrote.
 *
 * @module
 */

import type { ChatMessage, ChatRequest, JsonObject, JsonValue, Tool } from "@llmproxy/spec";
import { isArray } from "../../json/value.ts";
import { findMember, saysNothing, type Untranslatable } from "../cannot-say.ts";
import { dialectName, ownExtra } from "./extra.ts";

/** The first such thing in a request; undefined when there is none. */
export function findUntranslatable(request: ChatRequest): Untranslatable | undefined {
  return (
    findSwitch(ownExtra(request.extra)) ??
    findMember(ownExtra(request.extra), `extra.${dialectName}`, isDispensable) ??
    findInTools(request.tools ?? []) ??
    findInMessages(request.messages)
  );
}

const dispensable = new Set([
  "store",
  "metadata",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "prediction",
  // Names of what has become vocabulary, kept for the writer.
  "stream",
  "stream_options",
  "stop",
  "max_tokens",
  "max_completion_tokens",
]);

/** Members that switch something on by being there, also with nothing in them. */
const switches = ["web_search_options"];

function findSwitch(own: JsonObject | undefined): Untranslatable | undefined {
  const name = switches.find((candidate) => (own?.[candidate] ?? null) !== null);
  return name === undefined ? undefined : { field: `extra.${dialectName}.${name}`, what: "this member" };
}

function isDispensable(name: string, value: JsonValue | undefined): boolean {
  if (name === "modalities") return isArray(value) && value.every((modality) => modality === "text");
  if (name === "verbosity") return value === "medium";
  if (name === "top_logprobs" || name === "top_k") return value === 0;
  return dispensable.has(name);
}

function findInTools(tools: readonly Tool[]): Untranslatable | undefined {
  const index = tools.findIndex(({ extra }) => (ownExtra(extra)?.type ?? "function") !== "function");
  if (index === -1) return undefined;
  return { field: `tools[${index}].extra.${dialectName}.type`, what: "a tool that is not a function" };
}

/** Members of messages that do something: begin the answer, or call a function in the old way. */
const acting = ["prefix", "function_call"];

function findInMessages(messages: readonly ChatMessage[]): Untranslatable | undefined {
  for (const [index, { extra }] of messages.entries()) {
    const name = actingMember(ownExtra(extra));
    if (name) return { field: `messages[${index}].extra.${dialectName}.${name}`, what: "this member" };
  }
  return undefined;
}

function actingMember(own: JsonObject | undefined): string | undefined {
  return own && acting.find((name) => !saysNothing(own[name]));
}
