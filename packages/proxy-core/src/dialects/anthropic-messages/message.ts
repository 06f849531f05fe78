/**
 * The members of a message around its content, written.
 *
 * @module
 */

import type { ChatRequest, FinishPart, JsonObject, StartPart, UsagePart } from "@llmproxy/spec";
import { objectOf } from "../../json/value.ts";
import { estimateInputTokens } from "../../relay/estimate-usage.ts";
import { ownExtra } from "./extra.ts";
import { type Said, writeFinishReason } from "./finish-reason.ts";
import { unknownUsage, writeUsage } from "./usage.ts";

/** The id of a message whose vendor gave it none. */
function madeId(start: StartPart | undefined): string {
  return `msg_${(start?.createdAt?.getTime() ?? 0).toString(36)}`;
}

/** What a start part says of the message; members its own vendor left out are not added. */
export function writeMembers(start: StartPart | undefined): JsonObject {
  const own = ownExtra(start?.extra);
  if (own)
    return {
      ...(start?.id && { id: start.id }),
      ...(start?.model && { model: start.model }),
      ...objectOf(own.message),
    };
  return {
    id: start?.id || madeId(start),
    type: "message",
    role: "assistant",
    model: start?.model ?? "",
  };
}

/**
 * The message of a `message_start` event: it has no content yet and no end. Some clients take the input tokens from
 * here alone; where the vendor tells them only at the end, they are estimated.
 *
 * @param chat - what was asked
 */
export function writeBegin(start: StartPart | undefined, chat: ChatRequest | undefined): JsonObject {
  const members = writeMembers(start);
  if (ownExtra(start?.extra)?.form === "stream") return { ...members, content: [] };
  const usage = chat ? { ...unknownUsage, input_tokens: estimateInputTokens(chat) } : unknownUsage;
  return { ...members, content: [], stop_reason: null, stop_sequence: null, usage };
}

/** How a message ends. */
export interface End {
  readonly finish: FinishPart | undefined;
  readonly usage: UsagePart | undefined;
  readonly said: Said;
}

/** The members that say why a message ended. */
export function writeReason({ finish, said }: End): JsonObject {
  const own = ownExtra(finish?.extra);
  const stop_reason = writeFinishReason(finish?.reason ?? "other", own?.stop_reason, said);
  return own ? { stop_reason, ...objectOf(own.delta) } : { stop_reason, stop_sequence: null };
}

/** The usage a `message_delta` event has to have, of vendors that tell none as well. */
export function writeEndUsage({ usage }: End, before: JsonObject | undefined): JsonObject {
  return usage ? writeUsage(usage, before, false) : { output_tokens: 0 };
}
