/**
 * Parts of an answer, as messages.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { FinishReason, type StartPartSchema, type StreamCompleteResponseSchema } from "@llmproxy/proto";
import {
  type JsonValue,
  type OpaquePart,
  type FinishReason as OurFinishReason,
  type Part,
  ProxyError,
  type ReasoningDeltaPart,
  type StartPart,
} from "@llmproxy/spec";
import { structMessage, valueMessage } from "./json.ts";
import { opaqueEntries } from "./opaque.ts";
import { usageMessage } from "./usage.ts";

type Piece = NonNullable<MessageInitShape<typeof StreamCompleteResponseSchema>["part"]>;

/**
 * Writes a part; undefined for one that says nothing, such as an empty text.
 *
 * @throws `upstream_failed` for a number no answer has
 */
export function pieceMessage(part: Part): Piece | undefined {
  switch (part.type) {
    case "start":
      return { case: "start", value: startMessage(part) };
    case "usage":
      return { case: "usage", value: usageMessage(part.usage) };
    case "opaque":
      return opaqueMessage(part);
    case "logprobs":
      return {
        case: "logprobs",
        value: { choice: placeNumber(part.choice), value: valueMessage(part.value) },
      };
    case "finish":
      return {
        case: "finish",
        value: { choice: placeNumber(part.choice), reason: finishReasonMessage(part.reason) },
      };
    default:
      return deltaMessage(part);
  }
}

type DeltaPart = Extract<Part, { type: `${string}-delta` | "tool-call-start" }>;

function deltaMessage(part: DeltaPart): Piece | undefined {
  const choice = placeNumber(part.choice);
  switch (part.type) {
    case "text-delta":
      return part.text === "" ? undefined : { case: "text", value: { choice, text: part.text } };
    case "refusal-delta":
      return part.text === "" ? undefined : { case: "refusal", value: { choice, text: part.text } };
    case "reasoning-delta": {
      const { text, signature } = part;
      if (text === "" && signature === undefined) return opaqueMessage(part);
      return {
        case: "reasoning",
        value: { choice, text, ...(signature !== undefined && { signature }) },
      };
    }
    case "tool-call-start":
      return {
        case: "toolCallStart",
        value: { choice, index: placeNumber(part.index), id: part.id, name: part.name },
      };
    case "tool-call-delta": {
      const value = { choice, index: placeNumber(part.index), arguments: part.arguments };
      return part.arguments === "" ? undefined : { case: "toolCallArguments", value };
    }
  }
}

function startMessage({ id, model, createdAt }: StartPart): MessageInitShape<typeof StartPartSchema> {
  const moment = momentMessage(createdAt);
  return { id, model, ...(moment && { createdAt: moment }) };
}

/** A block that a tool of the vendor's own is called with is empty in the beginning; what it says comes after. */
const growing = /_tool_use$/;

function opaqueMessage(part: OpaquePart | ReasoningDeltaPart): Piece | undefined {
  const entries = opaqueEntries(part);
  const [first] = entries;
  if (!first) return undefined;
  const extensions = Object.fromEntries(entries.map(({ dialect, said }) => [dialect, structMessage(said)]));
  const { dialect, content } = first;
  const isWhole = content !== undefined && !growing.test(typeOf(content));
  const value = { choice: placeNumber(part.choice), extensions };
  return {
    case: "opaque",
    value: { ...value, ...(isWhole && { content: { dialect, value: valueMessage(content) } }) },
  };
}

function typeOf(value: JsonValue): string {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  return typeof type === "string" ? type : "";
}

const reasons: Readonly<Record<OurFinishReason, FinishReason>> = {
  stop: FinishReason.STOP,
  length: FinishReason.LENGTH,
  "tool-calls": FinishReason.TOOL_CALLS,
  "content-filter": FinishReason.CONTENT_FILTER,
  other: FinishReason.OTHER,
};

/** Writes why the model stopped. */
export function finishReasonMessage(reason: OurFinishReason): FinishReason {
  return reasons[reason];
}

/**
 * The number of a choice or of a tool call as the field can hold it.
 *
 * @throws `upstream_failed` for any other
 */
export function placeNumber(place: number): number {
  if (Number.isInteger(place) && place >= 0 && place < 2 ** 31) return place;
  throw new ProxyError("upstream_failed", "the provider sent a number of a choice that is out of range");
}

/** The last second a timestamp can say. */
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Writes a moment, where there is one and it can be when a model answered: a vendor may say anything. */
export function momentMessage(moment: Date | undefined): Timestamp | undefined {
  const time = moment?.getTime() ?? Number.NaN;
  return moment && time >= 0 && time <= lastMs ? timestampFromDate(moment) : undefined;
}
