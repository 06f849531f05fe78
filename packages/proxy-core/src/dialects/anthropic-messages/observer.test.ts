import { type JsonObject, noUsage } from "@llmproxy/spec";
import { anthropicEvent, anthropicEventStream } from "@llmproxy/testing";
import { describe, expect, it, vi } from "vitest";
import { createCollector } from "../../collect.ts";
import { createFrameSplitter } from "../../sse/split.ts";
import { anthropicStreams } from "../../test-support/anthropic-recordings.ts";
import { createFrameObserver } from "./observer.ts";
import { createStreamReader } from "./stream.ts";
import { streamEnd } from "./stream-end.ts";

const event = (payload: JsonObject): string => anthropicEvent(JSON.stringify(payload));
const start = (usage: JsonObject): string =>
  event({ type: "message_start", message: { id: "msg_1", model: "m", content: [], usage } });
const textStart = event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
const text = (said: string): string =>
  event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: said } });
const ping = event({ type: "ping" });
const end = (stop_reason: string, usage: JsonObject): string =>
  event({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage });
const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

function observe(...pieces: string[]) {
  const observer = createFrameObserver();
  const out = pieces.map((piece) => Buffer.from(observer.observe(Buffer.from(piece))).toString());
  const { usage, finishReason, hasOutput, outputBytes, error, openChoices } = observer.observation;
  return { out, usage, finishReason, hasOutput, outputBytes, error, openChoices };
}

describe("createFrameObserver", () => {
  it.each(anthropicStreams)("sees of $name what its parts say, however it comes", ({ chunks }) => {
    const stream = anthropicEventStream(chunks);
    const collector = createCollector();
    for (const part of createStreamReader().read(stream)) collector.add(part);
    const { usage, choices } = collector.result();
    for (const size of [stream.length, 10_000, 1_000, 100]) {
      const splitter = createFrameSplitter();
      const observer = createFrameObserver();
      for (let at = 0; at < stream.length; at += size) {
        const frames = splitter.push(stream.subarray(at, at + size));
        if (frames) expect(observer.observe(frames)).toBe(frames);
      }
      expect(observer.observation.usage).toEqual(usage);
      expect(observer.observation.finishReason).toBe(choices[0].finishReason);
      expect(observer.observation.hasOutput).toBe(chunks.some((chunk) => chunk.includes("content_block")));
      expect(observer.observation.error).toBeUndefined();
    }
  });

  it("waits for content: until then the vendor may say that it is overloaded", () => {
    expect(observe(start({ input_tokens: 3, output_tokens: 1 }), ping).hasOutput).toBe(false);
    expect(observe(start({ input_tokens: 3, output_tokens: 1 }), ping, textStart).hasOutput).toBe(true);
  });

  it("puts together what is told at the begin and at the end", () => {
    const { usage } = observe(
      start({
        input_tokens: 3,
        cache_creation_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        output_tokens: 1,
      }),
      end("end_turn", { input_tokens: null, output_tokens: 9, cache_read_input_tokens: 7 }),
    );
    expect(usage).toEqual({
      ...noUsage,
      inputTokens: 3,
      cacheReadTokens: 7,
      cacheWriteTokens: 10,
      cacheWriteHourTokens: 20,
      outputTokens: 9,
    });
  });

  it("estimates what was written until the vendor has told it", () => {
    const { usage, outputBytes } = observe(
      start({ input_tokens: 3, output_tokens: 1 }),
      textStart,
      text("x".repeat(40)),
    );
    expect(outputBytes).toBe(40);
    expect(usage).toEqual({ ...noUsage, inputTokens: 3, outputTokens: 10, estimated: true });
  });

  it.each([
    [{ type: "text_delta", text: 'a\\"b' }, 6],
    [{ type: "thinking_delta", thinking: "hmm" }, 3],
    [{ type: "input_json_delta", partial_json: '{"' }, 3],
    [{ text: "abc", type: "text_delta" }, 3],
    [{ type: "signature_delta", signature: "abc" }, 0],
    [{ type: "citations_delta", citation: { text: "abc" } }, 0],
  ])("counts what the model writes in %j", (delta, bytes) => {
    expect(observe(event({ type: "content_block_delta", index: 0, delta })).outputBytes).toBe(bytes);
  });

  it("does not count what tools answer", () => {
    const content_block = { type: "mcp_tool_result", content: [{ type: "text", text: "abc" }] };
    expect(observe(event({ type: "content_block_start", index: 0, content_block })).outputBytes).toBe(0);
  });

  it.each([
    ["an event", event(overloaded)],
    ["an event without a name", `data: ${JSON.stringify(overloaded)}\n\n`],
    [
      "white space",
      'event:error\ndata: {"type" : "error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    ],
    ["other line ends", event(overloaded).replaceAll("\n", "\r\n")],
  ])("leaves out an error and what follows it: %s", (_, frame) => {
    const { out, error } = observe(text("a") + frame + text("b"));
    expect(out).toEqual([text("a")]);
    expect(error).toMatchObject({ code: "upstream_failed", message: "Overloaded", vendor: { status: 529 } });
  });

  it("takes an error for one that is no JSON", () => {
    const { error } = observe("event: error\ndata: gone\n\n");
    expect(error).toMatchObject({ code: "upstream_failed", message: "gone" });
  });

  it.each([
    ["a text", text('{"type":"error"} "type":"message_delta" event: error')],
    [
      "what a tool answers",
      event({ type: "content_block_start", index: 0, content_block: { type: "x", content: overloaded } }),
    ],
    [
      "what a tool is told",
      event({
        type: "content_block_start",
        index: 0,
        content_block: {
          type: "tool_use",
          id: "a",
          name: "b",
          input: { type: "message_delta", delta: { stop_reason: "end_turn" } },
        },
      }),
    ],
  ])("is not misled by %s", (_, frame) => {
    const { out, error, finishReason } = observe(frame);
    expect(out).toEqual([frame]);
    expect([error, finishReason]).toEqual([undefined, undefined]);
  });

  it("refuses what is not an event of a message", () => {
    expect(observe('data: {"type":"message_delta",\n\n').error).toMatchObject({ code: "upstream_failed" });
  });
});

describe("streamEnd", () => {
  it.each([
    [streamEnd.frame, 0],
    ['event: message_stop\ndata: {"type":"message_stop"    }\n\n', 0],
    ['event:message_stop\r\ndata: {"type": "message_stop"}\r\n\r\n', 0],
    ['data: {"type":"message_stop"}\n\n', 0],
    [ping + streamEnd.frame + ping, ping.length],
    [text("message_stop ü") + streamEnd.frame, Buffer.byteLength(text("message_stop ü"))],
  ])("is found in %j", (frames, at) => {
    expect(streamEnd.find(Buffer.from(frames))).toBe(at);
  });

  it.each([
    "",
    ping,
    text("message_stop"),
    text('event: message_stop\n\n{"type":"message_stop"}'),
    event({
      type: "content_block_start",
      index: 0,
      content_block: { type: "x", input: { type: "message_stop" } },
    }),
    ": message_stop\n\n",
    "data: message_stop\n\n",
  ])("is not found in %j", (frames) => {
    expect(streamEnd.find(Buffer.from(frames))).toBe(-1);
  });

  it("reads a frame once, however often the word stands in it", () => {
    const frame = text("message_stop ".repeat(100));
    const parse = vi.spyOn(JSON, "parse");
    const at = streamEnd.find(Buffer.from(frame + frame + streamEnd.frame));
    const reads = parse.mock.calls.length;
    parse.mockRestore();
    expect([at, reads]).toEqual([Buffer.byteLength(frame + frame), 3]);
  });
});
