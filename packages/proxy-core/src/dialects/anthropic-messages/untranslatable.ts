/**
 * What only this dialect can say and would change the answer.
 *
 * Left out are marks of what may be cached, wishes about price, speed and diagnosis, how much the model may think
 * (every model has its own way), what is cut from a conversation that grows too long, and who called a tool.
 *
 * @module
 */

import type { ChatMessage, ChatRequest, Content, JsonValue, Tool } from "@llmproxy/spec";
import { isArray, objectOf } from "../../json/value.ts";
import { findMember, type Untranslatable } from "../cannot-say.ts";
import { dialectName, ownExtra } from "./extra.ts";

/** The first such thing in a request; undefined when there is none. */
export function findUntranslatable(request: ChatRequest): Untranslatable | undefined {
  return (
    findMember(ownExtra(request.extra), `extra.${dialectName}`, isDispensable) ??
    first(request.tools ?? [], (tool, index) => inTool(tool, `tools[${index}]`)) ??
    first(request.messages, (message, index) => inMessage(message, `messages[${index}]`))
  );
}

function first<T>(
  items: readonly T[],
  find: (item: T, index: number) => Untranslatable | undefined,
): Untranslatable | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found) return found;
  }
  return undefined;
}

const dispensable = new Set([
  "cache_control",
  "metadata",
  "service_tier",
  "speed",
  "diagnostics",
  "thinking",
  "context_management",
  // Names of what has become vocabulary, kept for the writer.
  "temperature",
  "top_p",
]);

function isDispensable(name: string): boolean {
  return dispensable.has(name);
}

function inTool({ extra }: Tool, path: string): Untranslatable | undefined {
  const own = ownExtra(extra);
  if (own?.type !== undefined && own.type !== null && own.type !== "custom")
    return { field: `${path}.extra.${dialectName}.type`, what: "a tool the vendor runs or defines itself" };
  return findMember(own, `${path}.extra.${dialectName}`, isDispensableInTool);
}

function isDispensableInTool(name: string, value: JsonValue | undefined): boolean {
  if (name === "allowed_callers") return isArray(value) && value.length === 1 && value[0] === "direct";
  return name === "type" || name === "cache_control" || name === "eager_input_streaming";
}

function inMessage({ content, extra }: ChatMessage, path: string): Untranslatable | undefined {
  const found = findMember(ownExtra(extra), `${path}.extra.${dialectName}`, (name) => name === "role");
  return found ?? first(content, (item, index) => inContent(item, `${path}.content[${index}]`));
}

/** Thoughts are left out as a whole, with what belongs to them. */
function inContent(item: Content, path: string): Untranslatable | undefined {
  if (item.type === "opaque" || item.type === "reasoning") return undefined;
  const isLeftOut = (name: string, value: JsonValue | undefined): boolean =>
    name === "citations"
      ? item.type !== "file" || objectOf(value)?.enabled !== true
      : contentMembers.has(name);
  const found = findMember(ownExtra(item.extra), `${path}.extra.${dialectName}`, isLeftOut);
  if (found || item.type !== "tool-result") return found;
  return first(item.content, (inner, index) => inContent(inner, `${path}.content[${index}]`));
}

const contentMembers = new Set(["cache_control", "caller"]);
