import type { Part } from "@llmproxy/spec";
import { loadRecordings, openaiEventStream } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../sse/events.ts";
import { createStreamReader, createStreamWriter } from "./stream.ts";

const formats = [
  "openai-chat",
  "openai-compatible",
  "deepseek",
  "groq",
  "mistral",
  "xai",
  "perplexity",
] as const;
const recordings = formats.flatMap((format) =>
  loadRecordings(format).filter((recording) => recording.kind === "stream"),
);

function write(parts: readonly Part[], includeUsage = true): string {
  const writer = createStreamWriter({ includeUsage });
  return parts.map((part) => writer.write(part)).join("") + writer.end();
}

const payloads = (stream: string) =>
  readEvents(Buffer.from(stream)).map(({ data }) => (data === "[DONE]" ? data : JSON.parse(data)));

describe("createStreamReader and createStreamWriter", () => {
  it.each(recordings)("write back $name chunk by chunk", ({ chunks }) => {
    const parts = createStreamReader().read(openaiEventStream(chunks));
    expect(payloads(write(parts))).toEqual([...chunks.map((chunk) => JSON.parse(chunk)), "[DONE]"]);
  });
});
