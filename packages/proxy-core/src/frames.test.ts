import {
  type ChatRequest,
  type FramesReply,
  type JsonObject,
  type Part,
  type PartsReply,
  ProxyError,
  type Reply,
  type ReplyEnd,
} from "@llmproxy/spec";
import { anthropicEvent, loadRecordings, openaiEvent, openaiEventStream } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { dialects } from "./dialects/dialects.ts";
import { type FramesOptions, framesOf, partsOf } from "./frames.ts";
import { createReplyEnding } from "./reply-end.ts";
import { anthropicStreams } from "./test-support/anthropic-recordings.ts";
import { parseEventStream } from "./test-support/event-grammar.ts";

const options: FramesOptions = {
  dialect: dialects["openai-chat"],
  dialects,
  stream: true,
  includeUsage: true,
  createdAt: new Date(1_000),
};

interface Watched<R> {
  readonly reply: R;
  readonly ends: ReplyEnd[];
  /** How many elements have been taken. */
  taken(): number;
}

/** The iterator of a reply that is well-behaved, over elements of which one may be an error. */
function source<T>(elements: readonly (T | ProxyError)[]) {
  const ending = createReplyEnding();
  let failure: ProxyError | undefined;
  let taken = 0;
  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (failure) throw failure;
      const element = elements[taken];
      if (ProxyError.is(element)) {
        failure = element;
        ending.end({ outcome: "failed", error: failure });
        throw failure;
      }
      if (element === undefined) {
        ending.end({ outcome: "finished" });
        return { done: true, value: undefined };
      }
      taken += 1;
      return { done: false, value: element };
    },
  };
  const cancel = (reason: ProxyError): void => {
    failure ??= reason;
    ending.end({ outcome: "canceled", error: reason });
  };
  return { iterator, cancel, onEnd: ending.onEnd, taken: () => taken };
}

function framesReply(
  frames: readonly (string | Uint8Array | ProxyError)[],
  stream = true,
): Watched<FramesReply> {
  const bytes = frames.map((frame) => (typeof frame === "string" ? Buffer.from(frame) : frame));
  const { iterator, cancel, onEnd, taken } = source<Uint8Array>(bytes);
  return watch(
    {
      form: "frames",
      dialect: "openai-chat",
      status: 200,
      headers: {},
      stream,
      frames: iterator,
      onEnd,
      cancel,
    },
    taken,
  );
}

function partsReply(parts: readonly (Part | ProxyError)[], stream = true): Watched<PartsReply> {
  const { iterator, cancel, onEnd, taken } = source<Part>(parts);
  return watch({ form: "parts", status: 200, headers: {}, stream, parts: iterator, onEnd, cancel }, taken);
}

function watch<R extends Reply>(reply: R, taken: () => number): Watched<R> {
  const ends: ReplyEnd[] = [];
  reply.onEnd((end) => ends.push(end));
  return { reply, ends, taken };
}

const delta = (text: string): string =>
  openaiEvent(JSON.stringify({ id: "a", model: "m", choices: [{ index: 0, delta: { content: text } }] }));
const finish = openaiEvent(
  JSON.stringify({ id: "a", model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
);
const done = "data: [DONE]\n\n";

const answer: readonly Part[] = [
  { type: "start", id: "a", model: "m" },
  { type: "text-delta", choice: 0, text: "hello" },
  { type: "text-delta", choice: 0, text: " world" },
  { type: "finish", choice: 0, reason: "stop" },
];

const text = async (frames: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(frames)).toString();

describe("partsOf", () => {
  it("hands out the parts of a reply that has them", () => {
    const { reply } = partsReply(answer);
    expect(partsOf(reply, dialects)).toBe(reply.parts);
  });

  it("reads frames one after the other, as they are asked for", async () => {
    const { reply, ends, taken } = framesReply([delta("a"), delta("b") + delta("c"), finish + done]);
    const parts = partsOf(reply, dialects);
    expect(taken()).toBe(0);
    expect(await parts.next()).toMatchObject({ value: { type: "start", id: "a", model: "m" } });
    expect(await parts.next()).toMatchObject({ value: { type: "text-delta", text: "a" } });
    expect(taken()).toBe(1);
    expect((await Array.fromAsync(parts)).map(({ type }) => type)).toEqual([
      "text-delta",
      "text-delta",
      "finish",
    ]);
    expect(ends).toEqual([{ outcome: "finished" }]);
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  it("reads a unary answer, in one frame or several", async () => {
    const json = JSON.stringify({
      id: "a",
      model: "m",
      choices: [{ index: 0, message: { content: "hé" }, finish_reason: "stop" }],
    });
    const bytes = Buffer.from(json);
    const at = bytes.indexOf("é") + 1;
    for (const frames of [[bytes], [bytes.subarray(0, at), bytes.subarray(at)]]) {
      const { reply, ends } = framesReply(frames, false);
      const { choices } = await collect(partsOf(reply, dialects));
      expect(choices[0]).toMatchObject({ text: "hé", finishReason: "stop" });
      expect(ends).toEqual([{ outcome: "finished" }]);
    }
  });

  it.each([0, 1])("ends the reply when it is left after %i parts", async (count) => {
    const { reply, ends, taken } = framesReply([delta("a"), delta("b"), finish + done]);
    const parts = partsOf(reply, dialects);
    for (let index = 0; index < count; index += 1) await parts.next();
    expect(await parts.return?.()).toEqual({ done: true, value: undefined });
    expect(ends).toMatchObject([{ outcome: "canceled", error: { code: "canceled" } }]);
    expect(taken()).toBe(count);
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  it("ends nothing when it is left after the end", async () => {
    const { reply, ends } = framesReply([delta("a"), finish + done]);
    const parts = partsOf(reply, dialects);
    await Array.fromAsync(parts);
    await parts.return?.();
    expect(ends).toEqual([{ outcome: "finished" }]);
  });

  it.each<[string, string, boolean]>([
    ["is not JSON", "data: {broken\n\n", true],
    ["is not an object", "data: 1\n\n", true],
    ["is not UTF-8", "", true],
    ["is not JSON, in a unary answer", "{broken", false],
    ["is not an object, in a unary answer", "[]", false],
    ["is not a chat completion, in a unary answer", "{}", false],
    ["reports an error", 'data: {"error":{"message":"no"}}\n\n', true],
    ["reports an error, in a unary answer", '{"error":{"message":"no"}}', false],
  ])("fails on what %s, and ends the reply", async (_, frame, stream) => {
    const bytes = frame === "" ? Buffer.from([0x64, 0xff, 0x0a, 0x0a]) : Buffer.from(frame);
    const { reply, ends } = framesReply([bytes, delta("late")], stream);
    const parts = partsOf(reply, dialects);
    const failed = { code: "upstream_failed" };
    await expect(parts.next()).rejects.toMatchObject(failed);
    expect(ends).toHaveLength(1);
    await expect(parts.next()).rejects.toMatchObject(failed);
    expect(ends).toHaveLength(1);
  });

  it("throws what the reply throws", async () => {
    const cut = new ProxyError("upstream_cut", "cut");
    const { reply, ends } = framesReply([delta("a"), cut]);
    const parts = partsOf(reply, dialects);
    await parts.next();
    await parts.next();
    await expect(parts.next()).rejects.toBe(cut);
    expect(ends).toEqual([{ outcome: "failed", error: cut }]);
  });
});

describe("framesOf", () => {
  it("hands out the frames of a reply that has them in this dialect and form", () => {
    const { reply } = framesReply([delta("a")]);
    expect(framesOf(reply, options)).toBe(reply.frames);
  });

  it("writes parts as a stream, each as it comes", async () => {
    const { reply, ends, taken } = partsReply(answer);
    const frames = framesOf(reply, { ...options, includeUsage: false });
    const first = await frames.next();
    expect(Buffer.from(first.value ?? []).toString()).toBe(
      'data: {"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]}\n\n',
    );
    expect(taken()).toBe(2);
    expect(await text(frames)).toMatch(/" world".*"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/s);
    expect(ends).toEqual([{ outcome: "finished" }]);
  });

  it("writes parts as a unary answer", async () => {
    const { reply, ends } = partsReply(answer, false);
    const frames = await Array.fromAsync(framesOf(reply, { ...options, stream: false }));
    expect(frames).toHaveLength(1);
    expect(JSON.parse(Buffer.concat(frames).toString())).toMatchObject({
      object: "chat.completion",
      created: 1,
      choices: [{ message: { content: "hello world" }, finish_reason: "stop" }],
    });
    expect(ends).toEqual([{ outcome: "finished" }]);
  });

  it("does not hold every piece of a long answer until a unary answer is written", async () => {
    const pieces = Array.from(
      { length: 10_000 },
      (): Part => ({ type: "text-delta", choice: 0, text: "a " }),
    );
    const { reply } = partsReply([...answer.slice(0, 1), ...pieces, ...answer.slice(-1)], false);
    let held = 0;
    const dialect: FramesOptions["dialect"] = {
      ...options.dialect,
      writeReply(parts) {
        held = parts.length;
        return options.dialect.writeReply(parts);
      },
    };
    const json = JSON.parse(await text(framesOf(reply, { ...options, dialect, stream: false })));
    expect(json.choices[0].message.content).toBe("a ".repeat(10_000));
    expect(held).toBe(3);
  });

  it("keeps the vendor's own time", async () => {
    const { reply } = partsReply([
      { type: "start", id: "a", model: "m", createdAt: new Date(7_000) },
      ...answer.slice(1),
    ]);
    expect(await text(framesOf(reply, options))).toContain('"created":7,');
  });

  it("puts a stream together where a unary answer is wanted", async () => {
    for (const recording of loadRecordings("deepseek")) {
      if (recording.kind !== "stream") continue;
      const { reply } = framesReply([openaiEventStream(recording.chunks)]);
      const json: JsonObject = JSON.parse(await text(framesOf(reply, { ...options, stream: false })));
      expect(json).toMatchObject({ object: "chat.completion", usage: { prompt_tokens: expect.any(Number) } });
    }
  });

  it("makes a stream of a unary answer where one is wanted", async () => {
    const body = JSON.stringify({
      id: "a",
      object: "chat.completion",
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
    });
    const { reply } = framesReply([body], false);
    expect(await text(framesOf(reply, { ...options, includeUsage: false }))).toMatch(
      /"chat.completion.chunk".*"content":"hi".*"finish_reason":"stop".*\[DONE\]/s,
    );
  });

  it.each([0, 1])("ends the reply when it is left after %i frames", async (count) => {
    const { reply, ends } = partsReply(answer);
    const frames = framesOf(reply, options);
    for (let index = 0; index < count; index += 1) await frames.next();
    await frames.return?.();
    expect(ends).toMatchObject([{ outcome: "canceled", error: { code: "canceled" } }]);
  });

  it("ends the reply when frames it had to convert are left", async () => {
    const { reply, ends } = framesReply([delta("a"), finish + done]);
    await framesOf(reply, { ...options, stream: false }).return?.();
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
  });

  it.each([true, false])("throws what the reply throws, and writes no end (stream: %s)", async (stream) => {
    const cut = new ProxyError("upstream_cut", "cut");
    const { reply, ends } = partsReply([...answer.slice(0, 2), cut]);
    const frames = framesOf(reply, { ...options, stream });
    let written = "";
    await expect(
      (async () => {
        for await (const frame of frames) written += Buffer.from(frame).toString();
      })(),
    ).rejects.toBe(cut);
    expect(written).not.toContain("[DONE]");
    expect(ends).toEqual([{ outcome: "failed", error: cut }]);
  });
});

describe("framesOf between dialects", () => {
  const anthropic = dialects["anthropic-messages"];
  const toAnthropic: FramesOptions = { ...options, dialect: anthropic };

  it("writes an event for each chunk as it comes", async () => {
    const { reply, taken } = framesReply([delta("a"), delta("b"), finish + done]);
    const frames = framesOf(reply, toAnthropic);
    expect(taken()).toBe(0);
    const next = async () => Buffer.from((await frames.next()).value ?? []).toString();
    expect(await next()).toMatch(/^event: message_start\n/);
    expect(await next()).toMatch(/"content_block_start".*"text":"a"/s);
    expect(taken()).toBe(1);
    expect(await next()).toMatch(/^event: content_block_delta\n.*"text":"b"/s);
    expect(taken()).toBe(2);
    expect(await text(frames)).toMatch(/content_block_stop.*message_delta.*event: message_stop/s);
  });

  it("begins with an estimate of what was asked where the vendor tells it only at the end", async () => {
    const chat: ChatRequest = {
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "eight by" }] }],
      sampling: {},
      stream: true,
      includeUsage: true,
    };
    const usage = openaiEvent('{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}');
    const { reply } = framesReply([delta("a"), finish + usage + done]);
    const events = parseEventStream(await text(framesOf(reply, { ...toAnthropic, chat })));
    expect(events.find(({ type }) => type === "message_start")).toMatchObject({
      message: { usage: { input_tokens: 2, output_tokens: 0 } },
    });
    expect(events.find(({ type }) => type === "message_delta")).toMatchObject({
      usage: { input_tokens: 7, output_tokens: 1 },
    });
  });

  const forms = anthropicStreams.flatMap(({ name, chunks }) =>
    [anthropic, dialects["openai-chat"]].flatMap((dialect) =>
      [true, false].map((stream) => ({ name, chunks, dialect, stream })),
    ),
  );

  it.each(forms)("writes $name as $dialect.name (stream: $stream)", async ({ chunks, dialect, stream }) => {
    const { reply, ends } = framesReply(chunks.map(anthropicEvent));
    const source: FramesReply = { ...reply, dialect: "anthropic-messages" };
    const written = await text(framesOf(source, { ...options, dialect, stream }));
    expect(ends).toEqual([{ outcome: "finished" }]);
    const parts = stream
      ? dialect.createStreamReader().read(Buffer.from(written))
      : dialect.readReply(JSON.parse(written));
    expect(parts.filter(({ type }) => type === "finish")).toHaveLength(1);
    if (dialect === anthropic && stream) expect(() => parseEventStream(written)).not.toThrow();
  });

  it.each([0, 1, 2])("ends the reply when it is left after %i frames", async (count) => {
    const { reply, ends } = framesReply([delta("a"), delta("b"), finish + done]);
    const frames = framesOf(reply, toAnthropic);
    for (let index = 0; index < count; index += 1) await frames.next();
    await frames.return?.();
    expect(ends).toMatchObject([{ outcome: "canceled", error: { code: "canceled" } }]);
  });

  it("writes no end after a cut", async () => {
    const cut = new ProxyError("upstream_cut", "cut");
    const { reply } = framesReply([delta("a"), finish, cut]);
    let written = "";
    const read = async () => {
      for await (const frame of framesOf(reply, toAnthropic)) written += Buffer.from(frame).toString();
    };
    await expect(read()).rejects.toBe(cut);
    expect(written).toContain("text_delta");
    expect(written).not.toContain("message_stop");
  });
});
