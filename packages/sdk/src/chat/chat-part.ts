/**
 * An answer as it comes.
 *
 * @module
 */

import { toJson } from "@bufbuild/protobuf";
import { timestampDate, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { StartPart, StreamCompleteResponse } from "@llmproxy/proto";
import type { JsonObject, JsonValue } from "../json.ts";
import { type FinishReason, readFinishReason, readUsage, type Usage } from "./answer.ts";

/** One element of an answer as it comes: a `start`, content, a `finish` for each choice, then `usage`. `choice` counts from 0. */
export type ChatPart =
  | {
      readonly type: "start";
      /** The vendor's id of the answer. */
      readonly id: string;
      /** The model that answers, as its vendor names it. */
      readonly model: string;
      /** When the vendor made the answer, where known. */
      readonly createdAt?: Date;
    }
  | { readonly type: "text"; readonly choice: number; readonly text: string }
  | { readonly type: "refusal"; readonly choice: number; readonly text: string }
  | {
      readonly type: "reasoning";
      readonly choice: number;
      readonly text: string;
      /** The vendor's proof; completes the piece of reasoning. */
      readonly signature?: string;
    }
  | {
      readonly type: "tool-call-start";
      readonly choice: number;
      /** Tells parallel calls of one choice apart, from 0. */
      readonly index: number;
      readonly id: string;
      readonly name: string;
    }
  | {
      readonly type: "tool-call-arguments";
      readonly choice: number;
      readonly index: number;
      /** More of the JSON text. */
      readonly arguments: string;
    }
  | { readonly type: "logprobs"; readonly choice: number; readonly value: JsonValue }
  | {
      readonly type: "opaque";
      readonly choice: number;
      /** What only one vendor's API knows, by the name of its dialect. */
      readonly extensions: Readonly<Record<string, JsonObject>>;
    }
  | { readonly type: "finish"; readonly choice: number; readonly reason?: FinishReason }
  | { readonly type: "usage"; readonly usage: Usage };

/** Reads one element; undefined for what only a newer version of this package knows. */
export function readPart({ part }: StreamCompleteResponse): ChatPart | undefined {
  switch (part.case) {
    case "start":
      return readStart(part.value);
    case "text":
    case "refusal":
      return { type: part.case, choice: part.value.choice, text: part.value.text };
    case "reasoning": {
      const { choice, text, signature } = part.value;
      return { type: "reasoning", choice, text, ...(signature !== undefined && { signature }) };
    }
    case "toolCallStart": {
      const { choice, index, id, name } = part.value;
      return { type: "tool-call-start", choice, index, id, name };
    }
    case "toolCallArguments": {
      const { choice, index, arguments: text } = part.value;
      return { type: "tool-call-arguments", choice, index, arguments: text };
    }
    case "logprobs":
      return { type: "logprobs", choice: part.value.choice, value: readValue(part.value.value) };
    case "opaque":
      return { type: "opaque", choice: part.value.choice, extensions: part.value.extensions };
    case "finish": {
      const reason = readFinishReason(part.value.reason);
      return { type: "finish", choice: part.value.choice, ...(reason && { reason }) };
    }
    case "usage":
      return { type: "usage", usage: readUsage(part.value) };
    default:
      return undefined;
  }
}

function readStart({ id, model, createdAt }: StartPart): ChatPart {
  return { type: "start", id, model, ...(createdAt && { createdAt: timestampDate(createdAt) }) };
}

function readValue(value: Value | undefined): JsonValue {
  return value ? toJson(ValueSchema, value) : null;
}
