/**
 * Why a choice ended.
 *
 * @module
 */

import type { FinishReason } from "@llmproxy/spec";

const read: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
]);

const written: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "stop",
};

/** Reads `finish_reason`; words of vendors' own are `other`. */
export function readFinishReason(value: string): FinishReason {
  return read.get(value) ?? "other";
}

/**
 * Writes `finish_reason`.
 *
 * @param raw - the vendor's own word, used if it still means `reason`
 */
export function writeFinishReason(reason: FinishReason, raw?: unknown): string {
  return typeof raw === "string" && readFinishReason(raw) === reason ? raw : written[reason];
}
