/**
 * What an assistant's message says beside `content`, in members of their own.
 *
 * @module
 */

import type { Content, JsonObject } from "@llmproxy/spec";
import { objectOf } from "../../json/value.ts";
import { dialectName, ownExtra } from "./extra.ts";

/** Whether a piece of an assistant's message has a member of its own, beside `content`. */
export function isApart(content: Content): boolean {
  switch (content.type) {
    case "reasoning":
    case "tool-call":
      return true;
    case "audio":
      return content.source.kind === "file-id";
    case "refusal":
      return !ownExtra(content.extra);
    case "opaque":
      return wrappedCall(content) !== undefined;
    default:
      return false;
  }
}

/** The call of a tool that is not a function, as it came. */
export function wrappedCall(content: Content): JsonObject | undefined {
  if (content.type !== "opaque" || content.dialect !== dialectName) return undefined;
  const value = objectOf(content.value);
  return value?.type === undefined ? objectOf(value?.tool_call) : undefined;
}
