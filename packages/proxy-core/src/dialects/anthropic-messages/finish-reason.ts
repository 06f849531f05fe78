/**
 * Why a message ended.
 *
 * @see Anthropic API, "Handling stop reasons"
 * @module
 */

import type { FinishReason } from "@llmproxy/spec";

const read: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool-calls"],
  ["refusal", "content-filter"],
]);

const written: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
  other: "end_turn",
};

/** Reads `stop_reason`; `pause_turn`, after which the client is to ask again, and unknown words are `other`. */
export function readFinishReason(value: string): FinishReason {
  return read.get(value) ?? "other";
}

/** What an answer of another dialect has said before it ended. */
export interface Said {
  readonly hasCalls: boolean;
  readonly hasRefused: boolean;
}

/**
 * Writes `stop_reason`. A client runs tools only after `tool_use`, where OpenAI says `stop` if a tool was
 * demanded by name; and a refusal is told from an answer by the reason alone.
 *
 * @param raw - the vendor's own word, used if it still means `reason`
 */
export function writeFinishReason(reason: FinishReason, raw: unknown, said: Said): string {
  if (typeof raw === "string" && readFinishReason(raw) === reason) return raw;
  if (reason === "stop" && said.hasRefused) return written["content-filter"];
  return reason === "stop" && said.hasCalls ? written["tool-calls"] : written[reason];
}
