import type { JsonObject } from "@llmproxy/spec";
import { loadRecordings, openaiDone, openaiEvent, openaiEventStream } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createCollector } from "../../collect.ts";
import { createFrameSplitter } from "../../sse/split.ts";
import { createFrameObserver } from "./observer.ts";
import { createStreamReader } from "./stream.ts";

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

const frame = (json: JsonObject): string => openaiEvent(JSON.stringify(json));
const delta = (content: string): string =>
  frame({ choices: [{ index: 0, delta: { content }, finish_reason: null }], usage: null });
const finish = (reason: string, index = 0): string =>
  frame({ choices: [{ index, delta: {}, finish_reason: reason }] });
/** A chunk of one choice. */
const of = (index: number): string => frame({ choices: [{ index, delta: { content: "x" } }] });
const ofToolCall = (index: number): string =>
  frame({ choices: [{ index: 0, delta: { tool_calls: [{ index, function: { arguments: "{}" } }] } }] });
const usageOnly = frame({
  id: "a",
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
});

/** Observes pieces; `out` is what is passed on of each. */
function observe(pieces: readonly (string | Uint8Array)[], dropUsage = false) {
  const observer = createFrameObserver({ dropUsage });
  const out = pieces.map((piece) =>
    Buffer.from(observer.observe(typeof piece === "string" ? Buffer.from(piece) : piece)).toString(),
  );
  return { out, ...observer.observation };
}

describe("createFrameObserver", () => {
  it.each(recordings)("sees of $name what its parts say, however it comes", ({ chunks }) => {
    const stream = openaiEventStream(chunks);
    const collector = createCollector();
    for (const part of createStreamReader().read(stream)) collector.add(part);
    const { usage, choices } = collector.result();
    for (const size of [stream.length, 10_000, 1_000, 100]) {
      const splitter = createFrameSplitter();
      const observer = createFrameObserver({ dropUsage: false });
      for (let at = 0; at < stream.length; at += size) {
        const frames = splitter.push(stream.subarray(at, at + size));
        if (frames) expect(observer.observe(frames)).toBe(frames);
      }
      expect(observer.observation).toEqual({
        usage,
        finishReason: choices[0].finishReason,
        openChoices: 0,
        hasOutput: true,
        outputBytes: expect.any(Number),
        error: undefined,
      });
    }
  });

  it.each(recordings)("leaves nothing but the usage-only chunk of $name out", ({ chunks }) => {
    const isUsageOnly = (text: string): boolean => {
      const { choices, usage }: JsonObject = JSON.parse(text);
      return Array.isArray(choices) && choices.length === 0 && Boolean(usage);
    };
    const expected = openaiEventStream(chunks.filter((text) => !isUsageOnly(text))).toString();
    expect(observe([openaiEventStream(chunks)], true).out.join("")).toBe(expected);
    expect(observe([...chunks.map(openaiEvent), openaiDone], true).out.join("")).toBe(expected);
  });

  it("passes on the very same array, also one that is no buffer", () => {
    const observer = createFrameObserver({ dropUsage: true });
    for (const text of [delta("a"), finish("stop"), openaiDone]) {
      const frames = new TextEncoder().encode(text);
      expect(observer.observe(frames)).toBe(frames);
    }
    expect(observer.observation.finishReason).toBe("stop");
  });

  it("leaves a usage-only chunk out wherever it stands among others", () => {
    expect(
      observe([usageOnly + delta("a") + usageOnly + finish("stop") + usageOnly + openaiDone], true),
    ).toMatchObject({
      out: [delta("a") + finish("stop") + openaiDone],
      usage: { inputTokens: 3, outputTokens: 5 },
      finishReason: "stop",
    });
    expect(observe([usageOnly], true).out).toEqual([""]);
  });

  it("is not misled by what the model says", () => {
    const texts = [
      '"usage":{"prompt_tokens":99}',
      '"finish_reason":"stop"',
      '"error":{"message":"x"}',
      "\nevent: error\n",
      "data: [DONE]",
      '{"choices":[],"usage":{}}',
      '"delta"',
    ];
    for (const text of texts) {
      const seen = observe([delta(text)], true);
      expect(seen).toEqual({
        out: [delta(text)],
        usage: undefined,
        finishReason: undefined,
        openChoices: 0,
        hasOutput: true,
        outputBytes: JSON.stringify(text).length - 2,
        error: undefined,
      });
    }
    const ofTool = frame({
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, function: { arguments: '{"usage":{"prompt_tokens":1},"finish_reason":"x"}' } },
            ],
          },
        },
      ],
    });
    expect(observe([ofTool], true)).toMatchObject({
      out: [ofTool],
      usage: undefined,
      finishReason: undefined,
    });
  });

  it("takes members of these names elsewhere in a chunk for what they are", () => {
    const nested = frame({
      x_groq: { usage: { prompt_tokens: 9, completion_tokens: 9 }, error: "rate" },
      choices: [{ index: 0, delta: {}, finish_reason: null }],
    });
    expect(observe([nested], true)).toMatchObject({
      out: [nested],
      usage: undefined,
      finishReason: undefined,
      error: undefined,
    });
  });

  it.each([
    [
      "white space",
      'data: { "choices" : [ { "index" : 0 , "delta" : { } , "finish_reason" : "stop" } ] , "usage" : { "prompt_tokens" : 1 , "completion_tokens" : 1 } }\n\n',
    ],
    [
      "CRLF",
      `: hello\r\n\r\n${finish("stop").replaceAll("\n", "\r\n")}${usageOnly.replaceAll("\n", "\r\n")}`,
    ],
    ["CR", `${delta("a")}${finish("stop")}${usageOnly}`.replaceAll("\n", "\r")],
    ["a byte order mark", `\uFEFF${finish("stop")}${usageOnly}`],
    ["an event name", `event: message\n${finish("stop")}event: message\n${usageOnly}`],
    [
      "JSON on several lines",
      `data: {"choices":[{"delta":{},\ndata: "finish_reason":"stop"}],\ndata: "usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n`,
    ],
  ])("sees through %s", (_, stream) => {
    const { usage, finishReason, hasOutput, out } = observe([stream]);
    expect({ finishReason, hasOutput, hasUsage: usage !== undefined, out }).toEqual({
      finishReason: "stop",
      hasOutput: true,
      hasUsage: true,
      out: [stream],
    });
  });

  it("drops usage between line ends of every kind", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const [before, usage, after] = [delta("a"), usageOnly, finish("stop")].map((text) =>
        text.replaceAll("\n", end),
      );
      expect(observe([`${before}${usage}${after}`], true).out).toEqual([`${before}${after}`]);
    }
  });

  it.each<[string, string, boolean]>([
    [
      "a delta that only tells the role",
      frame({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }),
      true,
    ],
    ["text", delta("a"), true],
    ["a finish", finish("stop"), true],
    ["a comment", ": keep-alive\n\n", false],
    ["what Azure says of the prompt", frame({ id: "", choices: [], prompt_filter_results: [] }), false],
    ["usage alone", usageOnly, false],
    ["an error", 'data: {"error":{"message":"no"}}\n\n', false],
    ["the end", openaiDone, false],
  ])("takes %s for output or not", (_, text, expected) => {
    expect(observe([text]).hasOutput).toBe(expected);
  });

  it("takes the last usage there is", () => {
    const with_ = (tokens: number): string =>
      frame({ choices: [{ index: 0, delta: {} }], usage: { prompt_tokens: 1, completion_tokens: tokens } });
    expect(observe([with_(1) + with_(2), with_(3)]).usage).toMatchObject({ outputTokens: 3 });
  });

  it("keeps the usage it has when what comes is none", () => {
    expect(observe([usageOnly, frame({ choices: [], usage: {} })]).usage).toMatchObject({ outputTokens: 5 });
  });

  it("tells the finish reason of the first choice", () => {
    expect(observe([finish("length", 1)]).finishReason).toBeUndefined();
    expect(observe([finish("length", 1), finish("stop", 0)]).finishReason).toBe("stop");
    expect(observe([frame({ choices: [{ delta: {}, finish_reason: "eos" }] })]).finishReason).toBe("other");
  });

  it("does not take the end mark for a finish reason", () => {
    expect(observe([delta("a"), openaiDone]).finishReason).toBeUndefined();
    expect(observe([finish("stop"), openaiDone]).finishReason).toBe("stop");
  });

  it.each<[string, readonly string[], number]>([
    ["one that goes on", [of(1), of(0)], 1],
    ["one that has finished", [of(1), finish("stop", 1)], 0],
    ["one that finishes with its first chunk", [finish("stop", 1)], 0],
    ["one that finishes twice", [of(1), finish("stop", 1), finish("stop", 1), of(1)], 0],
    ["two of three", [of(12), of(1), of(2), of(1), finish("stop", 2)], 2],
    ["one whose index stands last", [frame({ choices: [{ delta: {}, index: 3 }] })], 1],
    ["one in a piece with others", [of(0) + of(1) + of(0) + finish("stop", 0)], 1],
    ["none where a tool call has an index", [ofToolCall(1), ofToolCall(2)], 0],
  ])("counts further choices that are open: %s", (_, pieces, expected) => {
    expect(observe(pieces).openChoices).toBe(expected);
  });

  it("counts what the model wrote until the vendor tells", () => {
    expect(observe([delta("12345") + delta("é\n"), ": comment\n\n"]).outputBytes).toBe(9);
    expect(
      observe([frame({ choices: [{ delta: { reasoning_content: "abc", refusal: "d" } }] }), ofToolCall(0)])
        .outputBytes,
    ).toBe(6);
    expect(observe([delta("12345"), usageOnly, delta("678")]).outputBytes).toBe(5);
    expect(observe(['data: {"delta":{"content" : "a\\"b\\\\"}}\n\n']).outputBytes).toBe(6);
  });

  const tellingFrames = [
    ["text", delta("a")],
    ["a role", frame({ choices: [{ index: 0, delta: { role: "assistant" } }] })],
    ["a finish reason", finish("stop")],
    ["usage", usageOnly],
    ["usage in a chunk", frame({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })],
    ["a further choice", of(1)],
    ["a named event", `event: message\n${delta("a")}`],
    ["a comment", ": ping\n\n"],
    ["an event of its own", "event: ping\ndata: ping\n\n"],
  ] as const;
  const secret = "sk-abcdefgh12345678";
  const errorFrames = [
    ["an error", `data: {"error":{"message":"${secret}"}}\n\n`],
    ["an error event", `event: error\ndata: {"message":"${secret}","code":401}\n\n`],
    ["an error event in text", `event:error\ndata: ${secret}\n\n`],
    ["an error event that names itself last", `data: {"message":"${secret}"}\nevent: error\n\n`],
    ["vLLM's error", `data: {"object":"error","message":"${secret}","code":500}\n\n`],
    ["an error in a text", `data: {"error": "${secret}"}\n\n`],
  ] as const;
  const pairs = tellingFrames.flatMap(([before, first]) =>
    errorFrames.map(([name, error]) => [name, before, first, error] as const),
  );

  it.each(pairs)("sees %s right after %s in the same piece", (_, __, first, error) => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const [before, failure] = [first, error].map((text) => text.replaceAll("\n", end));
      const seen = observe([`${before}${failure}${finish("stop")}`]);
      expect(seen.out).toEqual([before]);
      expect(seen.error?.message).not.toContain("sk-");
    }
  });

  it("sees an error event after a byte order mark", () => {
    expect(observe(['\uFEFFevent: error\ndata: {"message":"x"}\n\n'])).toMatchObject({
      out: [""],
      error: { message: "x" },
    });
  });

  it("takes the status of vLLM's error from its code", () => {
    expect(observe(['data: {"object":"error","message":"slow","code":429}\n\n']).error).toMatchObject({
      message: "slow",
      vendor: { status: 429 },
    });
  });

  it.each([
    "event: done\ndata: [DONE]\n\n",
    "event: ping\ndata: ping\n\n",
    "event: ping\ndata: {}\n\n",
    "event: message\ndata: [DONE] \n\n",
  ])("passes %j on", (text) => {
    expect(observe([delta("a") + text])).toMatchObject({ out: [delta("a") + text], error: undefined });
  });

  it("takes time in proportion to the size of a piece, whatever its line ends", () => {
    const piece = (count: number): Buffer => Buffer.from('data: {"usage":1,"a":0}\r\n\r\n'.repeat(count));
    const took = (count: number): number => {
      const started = performance.now();
      observe([piece(count)]);
      return performance.now() - started;
    };
    took(1_000);
    // Looking again from the start for each frame took more than a hundred times as long.
    expect(took(32_000)).toBeLessThan(40 * Math.max(took(2_000), 5));
  });

  it.each([
    [
      "in OpenAI's form",
      'data: {"error":{"message":"key sk-abcdefgh12345678 is used up","type":"insufficient_quota"}}\n\n',
      { status: 429, type: "insufficient_quota" },
    ],
    ["as an event", 'event: error\ndata: {"message":"sk-abcdefgh12345678"}\n\n', { status: 502 }],
    [
      "within a chunk",
      'data: {"id":"a","choices":[{"index":0,"delta":{}}],"error":{"code":503,"message":"sk-abcdefgh12345678"}}\n\n',
      { status: 503, code: 503 },
    ],
  ])("leaves an error %s and what follows it out", (_, error, vendor) => {
    const seen = observe([delta("a") + error + delta("b") + openaiDone]);
    expect(seen).toMatchObject({
      out: [delta("a")],
      finishReason: undefined,
      error: { code: "upstream_failed", vendor },
    });
    expect(seen.error?.message).not.toContain("sk-");
    expect(observe([error])).toMatchObject({ out: [""], hasOutput: false });
  });

  it.each(
    ["null", '""', "false", "0"].map(
      (value) => `data: {"error":${value},"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n`,
    ),
  )("passes %j on", (text) => {
    expect(observe([text])).toMatchObject({ out: [text], error: undefined, hasOutput: true });
  });

  it("fails on a frame that tells something and is not a chunk", () => {
    expect(observe(['data: {"finish_reason":"stop", broken\n\n'])).toMatchObject({
      error: { code: "upstream_failed" },
      out: [""],
    });
  });
});
