import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openaiEventStream } from "./openai-event-stream.ts";
import { loadRecording, loadRecordings, type RecordingFormat } from "./recordings.ts";

const formats = [
  "anthropic-messages",
  "bedrock",
  "cohere",
  "deepseek",
  "google-generate",
  "groq",
  "mistral",
  "openai-chat",
  "openai-compatible",
  "openai-completions",
  "openai-embeddings",
  "openai-responses",
  "perplexity",
  "xai",
] as const satisfies readonly RecordingFormat[];

describe("loadRecordings", () => {
  it("knows every folder of recordings", () => {
    const folders = readdirSync(new URL("../fixtures", import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.sort()).toEqual([...formats]);
  });

  it.each(formats)("reads valid JSON only: %s", (format) => {
    const recordings = loadRecordings(format);
    expect(recordings.length).toBeGreaterThan(0);
    for (const recording of recordings) {
      const texts = recording.kind === "unary" ? [recording.json] : recording.chunks;
      expect(texts.length).toBeGreaterThan(0);
      for (const text of texts) expect(() => JSON.parse(text)).not.toThrow();
    }
  });

  it("tells streamed from unary answers of one name", () => {
    const named = loadRecordings("openai-chat").filter(({ name }) => name === "openai-text");
    expect(named.map(({ kind }) => kind).sort()).toEqual(["stream", "unary"]);
  });

  it("throws for a format without recordings", () => {
    expect(() => loadRecordings("no-such-format" as RecordingFormat)).toThrow("ENOENT");
  });
});

describe("loadRecording", () => {
  it("finds one by kind and name", () => {
    expect(loadRecording("openai-chat", "stream", "openai-text").chunks.length).toBeGreaterThan(100);
    expect(loadRecording("openai-chat", "unary", "openai-text").json).toContain('"chat.completion"');
  });

  it("names what is missing", () => {
    expect(() => loadRecording("openai-chat", "unary", "azure-model-router.1")).toThrow(
      "there is no unary recording openai-chat/azure-model-router.1",
    );
  });
});

describe("openaiEventStream", () => {
  it("writes an event per chunk and ends with [DONE]", () => {
    expect(openaiEventStream(['{"a":1}', '{"b":"é"}']).toString("utf8")).toBe(
      'data: {"a":1}\n\ndata: {"b":"é"}\n\ndata: [DONE]\n\n',
    );
  });

  it("is nothing but [DONE] without chunks", () => {
    expect(openaiEventStream([]).toString("utf8")).toBe("data: [DONE]\n\n");
  });
});
