/**
 * Unary answers.
 *
 * @see Anthropic API reference, "Create a message"
 * @module
 */

import { type JsonObject, type Part, ProxyError } from "@llmproxy/spec";
import { isArray, isDeeperThan, textOf } from "../../json/value.ts";
import type { Observation } from "../dialect.ts";
import { readErrorValue } from "./error.ts";
import { readFinishReason } from "./finish-reason.ts";
import { readMessage } from "./read-parts.ts";
import { isOfFurtherChoice, maxDepth } from "./stream.ts";
import { readUsage } from "./usage.ts";
import { MessageDraft } from "./write-parts.ts";

/**
 * Reads a unary answer.
 *
 * @throws `upstream_failed` or `upstream_auth` when it reports an error in spite of its status
 * @throws `upstream_failed` when it is not a message
 */
export function readReply(json: JsonObject): readonly Part[] {
  const error = readReplyError(json);
  if (error) throw error;
  if (!isReply(json) || isDeeperThan(json, maxDepth))
    throw new ProxyError("upstream_failed", "the provider's answer is not a message");
  return readMessage(json);
}

/** Whether this is a message, as far as its outermost members tell. */
export function isReply({ content }: JsonObject): boolean {
  return isArray(content);
}

/** Reads the error in an answer whose status says success: `{"type":"error","error":…}`, or without the type. */
export function readReplyError({ type, error }: JsonObject): ProxyError | undefined {
  if (type !== "error" && !error) return undefined;
  return readErrorValue(error ?? null);
}

/**
 * Writes a unary answer from all its parts. Parts read from a unary answer of this dialect give the same answer
 * again; those of a stream are put together. Of several choices the first is written.
 */
export function writeReply(parts: readonly Part[]): JsonObject {
  const draft = new MessageDraft();
  for (const part of parts) if (!isOfFurtherChoice(part)) draft.add(part);
  return draft.toJson();
}

/** Usage and finish reason of a unary answer. */
export function observeReply({
  usage,
  stop_reason,
}: JsonObject): Pick<Observation, "usage" | "finishReason"> {
  const reason = textOf(stop_reason);
  return {
    usage: readUsage(usage),
    finishReason: reason === undefined ? undefined : readFinishReason(reason),
  };
}
