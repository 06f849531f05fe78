import type { JsonObject } from "@llmproxy/spec";
import { loadRecordings, type RecordingFormat } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { readReply, writeReply } from "./reply.ts";

const formats = [
  "openai-chat",
  "openai-compatible",
  "deepseek",
  "groq",
  "mistral",
  "xai",
  "perplexity",
] as const;

/** Recordings of chat completions: not of errors or other endpoints. */
function completions(format: RecordingFormat): { name: string; json: JsonObject }[] {
  return loadRecordings(format).flatMap((recording) => {
    if (recording.kind !== "unary") return [];
    const json: JsonObject = JSON.parse(recording.json);
    return json.choices ? [{ name: recording.name, json }] : [];
  });
}

const recordings = formats.flatMap(completions);

describe("readReply and writeReply", () => {
  it.each(recordings)("write back $name", ({ json }) => {
    expect(writeReply(readReply(json))).toEqual(json);
    expect(readReply(writeReply(readReply(json)))).toEqual(readReply(json));
  });
});
