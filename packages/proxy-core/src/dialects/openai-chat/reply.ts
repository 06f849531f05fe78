/**
 * Unary answers.
 *
 * @see OpenAI API reference, "The chat completion object"
 * @module
 */

import { type JsonObject, type Part, ProxyError } from "@llmproxy/spec";
import { isArray, isDeeperThan, isObject, textOf } from "../../json/value.ts";
import type { Observation } from "../dialect.ts";
import { readErrorValue } from "./error.ts";
import { readFinishReason } from "./finish-reason.ts";
import { createPartReader } from "./read-parts.ts";
import { createDetailWriter } from "./reasoning-details.ts";
import { readUsage } from "./usage.ts";
import { ChunkDraft, createEnvelope } from "./write-parts.ts";

/** How deep an answer may be nested; OpenAI's own are 8 deep. */
export const maxDepth = 64;

/**
 * Reads a unary answer.
 *
 * @throws `upstream_failed` or `upstream_auth` when it reports an error in spite of its status
 * @throws `upstream_failed` when it is not a chat completion
 */
export function readReply(json: JsonObject): readonly Part[] {
  const error = readReplyError(json);
  if (error) throw error;
  if (!isReply(json) || isDeeperThan(json, maxDepth))
    throw new ProxyError("upstream_failed", "the provider's answer is not a chat completion");
  return createPartReader("unary").read(json);
}

/** Whether this is a chat completion, as far as its outermost members tell. */
export function isReply({ choices }: JsonObject): boolean {
  return isArray(choices);
}

/** Reads the error in an answer whose status says success: `{"error":…}`, or `{"object":"error",…}` as vLLM writes it. */
export function readReplyError(json: JsonObject): ProxyError | undefined {
  if (json.error) return readErrorValue(json.error);
  return json.object === "error" ? readErrorValue(json) : undefined;
}

/**
 * Writes a unary answer from all its parts. Parts read from a unary answer of this dialect give the same answer
 * again; those of a stream are put together: texts joined, the last usage taken, `obfuscation` left out.
 */
export function writeReply(parts: readonly Part[]): JsonObject {
  const start = parts.find((part) => part.type === "start");
  const draft = new ChunkDraft(createEnvelope(start, "unary"));
  const details = createDetailWriter();
  for (const part of parts) draft.add(details.mark(part));
  return draft.toJson();
}

/** Usage and finish reason of a unary answer. */
export function observeReply({ usage, choices }: JsonObject): Pick<Observation, "usage" | "finishReason"> {
  const all = isArray(choices) ? choices.filter(isObject) : [];
  const first = all.find(({ index }) => index === 0) ?? all[0];
  const reason = textOf(first?.finish_reason);
  return {
    usage: readUsage(usage),
    finishReason: reason === undefined ? undefined : readFinishReason(reason),
  };
}
