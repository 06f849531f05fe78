/**
 * The stream of an answer in the vocabulary all dialects share.
 *
 * An answer is a sequence of parts: one `start`, then content, then a `finish` per choice, then at most one
 * `usage`. A unary answer is the same sequence at once. `choice` counts from 0.
 *
 * @module
 */

import type { Extra } from "./chat.ts";
import type { JsonValue } from "./json.ts";
import type { Usage } from "./usage.ts";

/** Why the model stopped. `content-filter`: the vendor cut the answer; `tool-calls`: tools are to be run. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other";

/** The answer begins. */
export interface StartPart {
  readonly type: "start";
  /** The vendor's id of the answer. */
  readonly id: string;
  /** The model as the vendor names it. */
  readonly model: string;
  /** When the vendor made the answer. */
  readonly createdAt?: Date;
  readonly extra?: Extra;
}

/** More of the answer's text. */
export interface TextDeltaPart {
  readonly type: "text-delta";
  readonly choice: number;
  readonly text: string;
  readonly extra?: Extra;
}

/** More of the model's reasoning; `signature` completes it. */
export interface ReasoningDeltaPart {
  readonly type: "reasoning-delta";
  readonly choice: number;
  readonly text: string;
  readonly signature?: string;
  readonly extra?: Extra;
}

/** More of a refusal. */
export interface RefusalDeltaPart {
  readonly type: "refusal-delta";
  readonly choice: number;
  readonly text: string;
  readonly extra?: Extra;
}

/** A tool call begins; `index` tells parallel calls of one choice apart. */
export interface ToolCallStartPart {
  readonly type: "tool-call-start";
  readonly choice: number;
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly extra?: Extra;
}

/** More of a tool call's arguments, as JSON text. */
export interface ToolCallDeltaPart {
  readonly type: "tool-call-delta";
  readonly choice: number;
  readonly index: number;
  readonly arguments: string;
  readonly extra?: Extra;
}

/** Token probabilities of what was just said, in the vendor's form. */
export interface LogprobsPart {
  readonly type: "logprobs";
  readonly choice: number;
  readonly value: JsonValue;
}

/** Something only its own dialect understands; `extra` has it. */
export interface OpaquePart {
  readonly type: "opaque";
  readonly choice: number;
  readonly extra: Extra;
}

/** A choice is complete. */
export interface FinishPart {
  readonly type: "finish";
  readonly choice: number;
  readonly reason: FinishReason;
  readonly extra?: Extra;
}

/** What the whole answer used. */
export interface UsagePart {
  readonly type: "usage";
  readonly usage: Usage;
  readonly extra?: Extra;
}

/** One element of an answer. */
export type Part =
  | StartPart
  | TextDeltaPart
  | ReasoningDeltaPart
  | RefusalDeltaPart
  | ToolCallStartPart
  | ToolCallDeltaPart
  | LogprobsPart
  | OpaquePart
  | FinishPart
  | UsagePart;
