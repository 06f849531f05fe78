import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import { type JsonObject, noUsage, type Part } from "@llmproxy/spec";
import { anthropicEvent, anthropicEventStream } from "@llmproxy/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CollectedToolCall, createCollector } from "../../collect.ts";
import { createFrameSplitter } from "../../sse/split.ts";
import { anthropicStreams } from "../../test-support/anthropic-recordings.ts";
import { parseEventStream } from "../../test-support/event-grammar.ts";
import { readReply, writeReply } from "./reply.ts";
import { createStreamReader, createStreamWriter } from "./stream.ts";

const event = (payload: JsonObject): string => anthropicEvent(JSON.stringify(payload));
const read = (...events: JsonObject[]): readonly Part[] =>
  createStreamReader().read(Buffer.from(events.map(event).join("")));

function write(parts: readonly Part[]): string {
  const writer = createStreamWriter();
  return parts.map((part) => writer.write(part)).join("") + writer.end();
}

/** The payloads of what is written; the grammar is checked. */
const written = (parts: readonly Part[]): readonly JsonObject[] => parseEventStream(write(parts));

/** The message the official client makes of a stream. */
async function accumulated(events: readonly JsonObject[]): Promise<JsonObject> {
  const lines = events.map((payload) => `${JSON.stringify(payload)}\n`).join("");
  const stream = MessageStream.fromReadableStream(new Blob([lines]).stream());
  return JSON.parse(JSON.stringify(await stream.finalMessage()));
}

function collect(parts: readonly Part[]) {
  const collector = createCollector();
  for (const part of parts) collector.add(part);
  return collector.result();
}

/** What is left of parts when nobody knows this dialect. */
const plain = (parts: readonly Part[]): Part[] =>
  parts.flatMap((part) => {
    if (part.type === "opaque") return [];
    const { extra, ...rest }: Part & { extra?: unknown } = part;
    return [rest as Part];
  });

const messageStart: JsonObject = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
};
const blockStart = (index: number, content_block: JsonObject): JsonObject => ({
  type: "content_block_start",
  index,
  content_block,
});
const delta = (index: number, said: JsonObject): JsonObject => ({
  type: "content_block_delta",
  index,
  delta: said,
});
const blockStop = (index: number): JsonObject => ({ type: "content_block_stop", index });
const messageDelta: JsonObject = {
  type: "message_delta",
  delta: { stop_reason: "end_turn", stop_sequence: null },
  usage: { output_tokens: 5 },
};
const messageStop: JsonObject = { type: "message_stop" };

const start: Part = { type: "start", id: "chatcmpl-1", model: "m" };
const say = (text: string): Part => ({ type: "text-delta", choice: 0, text });
const think = (text: string, signature?: string): Part => ({
  type: "reasoning-delta",
  choice: 0,
  text,
  ...(signature === undefined ? {} : { signature }),
});
const call = (index: number): Part => ({
  type: "tool-call-start",
  choice: 0,
  index,
  id: `call_${index}`,
  name: `tool${index}`,
});
const args = (index: number, text: string): Part => ({
  type: "tool-call-delta",
  choice: 0,
  index,
  arguments: text,
});
const finish = (reason: Extract<Part, { type: "finish" }>["reason"] = "stop"): Part => ({
  type: "finish",
  choice: 0,
  reason,
});
const usage: Part = { type: "usage", usage: { ...noUsage, inputTokens: 7, outputTokens: 9 } };

describe("createStreamReader and createStreamWriter", () => {
  it.each(anthropicStreams)("write back $name event by event", ({ chunks }) => {
    const parts = createStreamReader().read(anthropicEventStream(chunks));
    expect(written(parts)).toEqual(chunks.map((text) => JSON.parse(text)));
  });

  it.each(anthropicStreams)("write back $name after it has been through JSON", ({ chunks }) => {
    const parts: Part[] = JSON.parse(JSON.stringify(createStreamReader().read(anthropicEventStream(chunks))));
    expect(written(parts)).toEqual(chunks.map((text) => JSON.parse(text)));
  });

  it.each(anthropicStreams)("make of $name one start, one finish and one usage", ({ chunks }) => {
    const types = createStreamReader()
      .read(anthropicEventStream(chunks))
      .map(({ type }) => type);
    expect(types.indexOf("start")).toBe(0);
    for (const type of ["start", "finish", "usage"] as const)
      expect(types.filter((other) => other === type)).toHaveLength(1);
    expect(types.indexOf("usage")).toBe(types.indexOf("finish") + 1);
  });

  it.each(anthropicStreams)("read $name the same wherever it is cut", ({ chunks }) => {
    const stream = anthropicEventStream([...chunks.slice(0, 4), ...chunks.slice(-3)]);
    const expected = createStreamReader().read(stream);
    for (let at = 1; at < stream.length; at += stream.length > 20_000 ? 97 : 1) {
      const splitter = createFrameSplitter();
      const reader = createStreamReader();
      const pieces = [stream.subarray(0, at), stream.subarray(at)].map((piece) => splitter.push(piece));
      expect(pieces.flatMap((frames) => (frames ? reader.read(frames) : []))).toEqual(expected);
    }
  });

  it.each(anthropicStreams)("say of $name the same to other dialects", ({ chunks }) => {
    const parts = createStreamReader().read(anthropicEventStream(chunks));
    const again = createStreamReader().read(Buffer.from(write(plain(parts))));
    const { choices, ...others } = collect(parts);
    expect(collect(again)).toEqual({ ...others, choices });
  });

  it.each(anthropicStreams)("give the official client the message $name says", async ({ chunks }) => {
    const events = chunks.map((text): JsonObject => JSON.parse(text));
    const parts = createStreamReader().read(anthropicEventStream(chunks));
    const message = await accumulated(written(parts));
    expect(message).toEqual(await accumulated(events));
    const { content, stop_reason, id, model } = writeReply(parts);
    // The client does not know of every tool the vendor runs how its input goes together.
    const known = (blocks: unknown) =>
      (blocks as JsonObject[]).filter(({ type }) => !/^(mcp_tool_use|.*_result)$/.test(String(type)));
    expect({ content: known(content), stop_reason, id, model }).toEqual({
      content: known(message.content),
      stop_reason: message.stop_reason,
      id: message.id,
      model: message.model,
    });
  });

  it("lose nothing of events made at random", () => {
    fc.assert(
      fc.property(anyStream(), (events) => {
        expect(written(read(...events))).toEqual(events);
      }),
      { numRuns: 300 },
    );
  });
});

describe("createStreamReader", () => {
  it("reads a block that is there at once", () => {
    const parts = read(
      messageStart,
      blockStart(0, { type: "text", text: "hi", citations: [{ a: 1 }] }),
      blockStop(0),
      blockStart(1, { type: "thinking", thinking: "hm", signature: "s" }),
      blockStop(1),
      blockStart(2, { type: "tool_use", id: "toolu_1", name: "f", input: { a: [1] } }),
      blockStop(2),
      messageDelta,
      messageStop,
    );
    const [choice] = collect(parts).choices;
    expect(choice).toMatchObject({ text: "hi", reasoning: "hm" });
    expect(choice.toolCalls).toEqual([{ id: "toolu_1", name: "f", arguments: '{"a":[1]}' }]);
    expect(plain(parts)).toContainEqual(think("hm", "s"));
  });

  it("reads a call without arguments as one with none, not with an empty text", () => {
    const block = { type: "tool_use", id: "toolu_1", name: "f", input: {} };
    const nothing = { type: "input_json_delta", partial_json: "" };
    for (const deltas of [[], [delta(0, nothing)]]) {
      const parts = read(
        messageStart,
        blockStart(0, block),
        ...deltas,
        blockStop(0),
        messageDelta,
        messageStop,
      );
      expect(collect(parts).choices[0].toolCalls).toMatchObject([{ arguments: "{}" }]);
    }
  });

  it("takes the input that comes in pieces for the one that counts, as the official client does", async () => {
    const events = [
      messageStart,
      blockStart(0, { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } }),
      delta(0, { type: "input_json_delta", partial_json: '{"b":2}' }),
      blockStop(0),
      messageDelta,
      messageStop,
    ];
    const parts = read(...events);
    expect(collect(parts).choices[0].toolCalls).toMatchObject([{ arguments: '{"b":2}' }]);
    expect((await accumulated(written(parts))).content).toMatchObject([{ input: { b: 2 } }]);
    expect(written(parts)).toEqual(events);
  });

  it("reads a call whose end the vendor left out", () => {
    const block = { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } };
    for (const rest of [[], [blockStart(1, { type: "text", text: "" })]]) {
      const parts = read(messageStart, blockStart(0, block), ...rest, messageDelta, messageStop);
      expect(collect(parts).choices[0].toolCalls).toMatchObject([{ arguments: '{"a":1}' }]);
    }
  });

  it("reads content that stands in the begin of the message", () => {
    const { message } = messageStart as { message: JsonObject };
    const begun = { type: "message_start", message: { ...message, content: [{ type: "text", text: "a" }] } };
    expect(collect(read(begun, messageDelta, messageStop)).choices[0].text).toBe("a");
  });

  it("ignores what comes before the message, a second begin and what follows the end", () => {
    const parts = read(
      { type: "ping" },
      messageStart,
      messageStart,
      messageDelta,
      messageStop,
      delta(0, { type: "text_delta", text: "a" }),
    );
    expect(parts.map(({ type }) => type)).toEqual(["start", "finish", "usage"]);
  });

  it("says how an answer ended whose vendor did not", () => {
    const parts = read(messageStart, messageStop);
    expect(parts.map(({ type }) => type)).toEqual(["start", "finish", "usage"]);
    expect(parts).toContainEqual({ type: "finish", choice: 0, reason: "other" });
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool-calls"],
    ["refusal", "content-filter"],
    ["pause_turn", "other"],
    ["something new", "other"],
  ])("takes %s for %s and keeps the word", (stop_reason, reason) => {
    const end = { ...messageDelta, delta: { stop_reason, stop_sequence: null } };
    const parts = read(messageStart, end, messageStop);
    expect(collect(parts).choices[0].finishReason).toBe(reason);
    expect(written(parts)).toContainEqual(end);
  });

  it.each([
    ["overloaded_error", 529],
    ["api_error", 500],
    ["rate_limit_error", 429],
    ["timeout_error", 504],
    ["something_new", 502],
  ])("throws %s with the status %i", (type, status) => {
    const error = { type: "error", error: { type, message: "no" }, request_id: "req_1" };
    expect(() => read(messageStart, error)).toThrow(
      expect.objectContaining({ code: "upstream_failed", message: "no", vendor: { status, type } }),
    );
  });

  it.each([
    ["what is not JSON", "data: x\n\n"],
    ["what is not an object", "data: [1]\n\n"],
    ["what has no type", "data: {}\n\n"],
    ["a message that is none", event({ type: "message_start", message: 1 })],
    ["content before the message", event(delta(0, { type: "text_delta", text: "a" }))],
    ["a block that is none", event(messageStart) + event({ type: "content_block_start", index: 0 })],
  ])("refuses %s", (_, frames) => {
    expect(() => createStreamReader().read(Buffer.from(frames))).toThrow(
      expect.objectContaining({ code: "upstream_failed" }),
    );
  });
});

describe("createStreamWriter", () => {
  it("writes an answer of another dialect as Anthropic does", () => {
    expect(
      written([start, say("a"), say("b"), finish(), usage]).map(({ type, ...members }) => [type, members]),
    ).toEqual([
      [
        "message_start",
        {
          message: {
            id: "chatcmpl-1",
            type: "message",
            role: "assistant",
            model: "m",
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: {
              input_tokens: 0,
              cache_creation_input_tokens: 0,
              cache_read_input_tokens: 0,
              output_tokens: 0,
            },
          },
        },
      ],
      ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
      ["content_block_delta", { index: 0, delta: { type: "text_delta", text: "a" } }],
      ["content_block_delta", { index: 0, delta: { type: "text_delta", text: "b" } }],
      ["content_block_stop", { index: 0 }],
      [
        "message_delta",
        {
          delta: { stop_reason: "end_turn", stop_sequence: null },
          usage: {
            input_tokens: 7,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
            output_tokens: 9,
          },
        },
      ],
      ["message_stop", {}],
    ]);
  });

  it("writes what comes at once when it comes", () => {
    const writer = createStreamWriter();
    expect(writer.write(start)).toContain("message_start");
    expect(writer.write(say("a"))).toContain('"text":"a"');
    expect(writer.write(call(0))).toContain("tool_use");
    expect(writer.write(args(0, '{"a":'))).toContain("input_json_delta");
    expect(writer.write(args(0, "1}"))).toContain("input_json_delta");
    expect(writer.write(call(1))).toContain('"index":2');
  });

  it("begins a block where the kind changes and after a signature", async () => {
    const parts = [start, think("a"), think("b", "s"), think("c"), say("d"), think("e"), finish()];
    expect((await accumulated(written(parts))).content).toEqual([
      { type: "thinking", thinking: "ab", signature: "s" },
      { type: "thinking", thinking: "c", signature: "" },
      { type: "text", text: "d" },
      { type: "thinking", thinking: "e", signature: "" },
    ]);
  });

  it("writes a refusal as text and says that it is one", async () => {
    const declined: Part = { type: "refusal-delta", choice: 0, text: "I cannot" };
    const message = await accumulated(written([start, declined, finish(), usage]));
    expect(message).toMatchObject({ content: [{ type: "text", text: "I cannot" }], stop_reason: "refusal" });
  });

  it.each([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["tool-calls", "tool_use"],
    ["content-filter", "refusal"],
    ["other", "end_turn"],
  ] as const)("writes %s as %s", async (reason, stop_reason) => {
    expect(await accumulated(written([start, finish(reason)]))).toMatchObject({ stop_reason });
  });

  it("says that tools are to be run even where the vendor forgot", async () => {
    expect(await accumulated(written([start, call(0), finish("stop")]))).toMatchObject({
      content: [{ type: "tool_use", id: "call_0", name: "tool0", input: {} }],
      stop_reason: "tool_use",
    });
  });

  it.each([
    ["one after the other", [call(0), args(0, '{"a":'), args(0, "1}"), call(1), args(1, '{"b":2}')]],
    ["in turn", [call(0), call(1), args(0, '{"a":'), args(1, '{"b":'), args(0, "1}"), args(1, "2}")]],
    ["backwards", [call(0), call(1), args(1, '{"b":2}'), args(0, '{"a":1}')]],
    ["with a space at the end", [call(0), args(0, '{"a":1}'), call(1), args(1, '{"b":2}'), args(0, " ")]],
  ])("writes tool calls that come %s", async (_, calls) => {
    expect((await accumulated(written([start, ...calls, finish("tool-calls"), usage]))).content).toEqual([
      { type: "tool_use", id: "call_0", name: "tool0", input: { a: 1 } },
      { type: "tool_use", id: "call_1", name: "tool1", input: { b: 2 } },
    ]);
  });

  it("writes text in its place unless a call is not complete", async () => {
    const parts = [start, call(0), say("a"), args(0, "{}"), say("b"), finish(), usage];
    expect((await accumulated(written(parts))).content).toEqual([
      { type: "tool_use", id: "call_0", name: "tool0", input: {} },
      { type: "text", text: "ab" },
    ]);
  });

  it("refuses to add to a call that was complete", () => {
    expect(() => write([start, call(0), args(0, "{}"), call(1), args(0, "{}")])).toThrow(
      expect.objectContaining({ code: "upstream_failed" }),
    );
  });

  it("holds no more than it should", () => {
    const writer = createStreamWriter();
    for (const part of [start, call(0), call(1)]) writer.write(part);
    const piece = args(1, "x".repeat(1_048_576));
    expect(() => {
      for (let count = 0; count < 9; count += 1) writer.write(piece);
    }).toThrow(expect.objectContaining({ code: "upstream_failed" }));
  });

  it("leaves out further choices, what is empty and what only others understand", () => {
    const parts: Part[] = [
      start,
      say(""),
      think(""),
      { ...say("x"), choice: 1 } as Part,
      { type: "logprobs", choice: 0, value: {} },
      { type: "opaque", choice: 0, extra: { "openai-chat": { choice: {} } } },
      { ...finish(), choice: 1 } as Part,
      finish(),
    ];
    expect(written(parts).map(({ type }) => type)).toEqual([
      "message_start",
      "message_delta",
      "message_stop",
    ]);
  });

  it("ends an answer whose vendor said nothing at all", () => {
    expect(written([]).map(({ type }) => type)).toEqual(["message_start", "message_delta", "message_stop"]);
  });

  it("writes an answer that came at once", async () => {
    const reply: JsonObject = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "redacted_thinking", data: "d" },
        { type: "text", text: "hi", citations: [{ cited_text: "x" }] },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
        { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 }, caller: { type: "direct" } },
      ],
      stop_reason: "stop_sequence",
      stop_sequence: "END",
      usage: { input_tokens: 3, output_tokens: 5, service_tier: "standard" },
    };
    const {
      usage: counted,
      parsed_output: _parsed,
      ...message
    } = await accumulated(written(readReply(reply)));
    const { usage: _, ...expected } = reply;
    expect(message).toEqual(expected);
    expect(counted).toMatchObject({ input_tokens: 3, output_tokens: 5 });
  });

  it("keeps to the grammar whatever the parts are, and says what they say", () => {
    fc.assert(
      fc.property(anyAnswer(), (parts) => {
        const answer = [start, ...parts, finish(), usage];
        const [said] = collect(createStreamReader().read(Buffer.from(anthropicText(answer)))).choices;
        const [meant] = collect(answer).choices;
        const texts = answer.flatMap((part) =>
          part.type === "text-delta" || part.type === "refusal-delta" ? [part.text] : [],
        );
        expect(said.text).toBe(texts.join(""));
        expect(said.reasoning).toBe(meant.reasoning);
        expect(byId(said.toolCalls)).toEqual(byId(meant.toolCalls));
        const { content } = writeReply(answer);
        const unary = collect(readReply({ content: content ?? null })).choices[0];
        expect(unary.text).toBe(texts.join(""));
        expect(unary.reasoning).toBe(meant.reasoning);
        expect(byId(unary.toolCalls)).toEqual(byId(meant.toolCalls));
      }),
      { numRuns: 500 },
    );
  });
});

/** What is written, with its grammar checked. */
function anthropicText(parts: readonly Part[]): string {
  const text = write(parts);
  parseEventStream(text);
  return text;
}

const byId = (calls: readonly CollectedToolCall[]) => [...calls].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Parts of another dialect, whose tool calls may go on in turn, between text and thoughts. */
function anyAnswer(): fc.Arbitrary<readonly Part[]> {
  const text = fc.string({ maxLength: 4 });
  const said = fc.oneof(
    text.map(say),
    fc.tuple(text, fc.option(word, { nil: undefined })).map(([thought, sign]) => think(thought, sign)),
    text.map((declined): Part => ({ type: "refusal-delta", choice: 0, text: declined })),
  );
  const calls = fc.array(fc.dictionary(word, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }), {
    maxLength: 4,
  });
  return fc
    .record({ said: fc.array(said, { maxLength: 10 }), calls, turns: fc.array(fc.nat(9), { maxLength: 60 }) })
    .map(({ said: others, calls: inputs, turns }) => {
      const lanes = [...inputs.map((input, index) => callParts(index, JSON.stringify(input))), others];
      return inTurn(lanes, turns);
    });
}

function callParts(index: number, text: string): Part[] {
  const middle = Math.floor(text.length / 2);
  return [call(index), args(index, text.slice(0, middle)), args(index, text.slice(middle))];
}

/** Takes the parts of several lanes in turn; each lane stays in its order. */
function inTurn(lanes: readonly Part[][], turns: readonly number[]): readonly Part[] {
  const open = lanes.map((lane) => [...lane]);
  const taken = turns.flatMap((turn) => open[turn % open.length]?.splice(0, 1) ?? []);
  return [...taken, ...open.flat()];
}

const word = fc.string({ minLength: 1, maxLength: 6 });
const members = fc.dictionary(
  word.map((name) => `x_${name}`),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  { maxKeys: 2 },
);

interface AnyBlock {
  readonly content_block: JsonObject;
  readonly deltas: readonly JsonObject[];
}

function anyBlock(): fc.Arbitrary<AnyBlock> {
  const textDelta = word.map((text): JsonObject => ({ type: "text_delta", text }));
  const citation = members.map((citation): JsonObject => ({ type: "citations_delta", citation }));
  const thought = word.map((thinking): JsonObject => ({ type: "thinking_delta", thinking }));
  const input = fc
    .string({ maxLength: 4 })
    .map((partial_json): JsonObject => ({ type: "input_json_delta", partial_json }));
  const block = (content_block: fc.Arbitrary<JsonObject>, said: fc.Arbitrary<JsonObject>) =>
    fc.record({
      content_block: fc.tuple(content_block, members).map(([known, others]) => ({ ...known, ...others })),
      deltas: fc.array(fc.oneof({ weight: 4, arbitrary: said }, { weight: 1, arbitrary: withMore(said) }), {
        maxLength: 4,
      }),
    });
  return fc.oneof(
    block(
      fc.constantFrom("", "a").map((text) => ({ type: "text", text })),
      fc.oneof(textDelta, citation),
    ),
    block(
      fc.constantFrom("", "a").map((thinking) => ({ type: "thinking", thinking, signature: "" })),
      fc.oneof(thought),
    ),
    block(fc.record({ type: fc.constant("tool_use"), id: word, name: word, input: members }), input),
    block(fc.record({ type: fc.constant("server_tool_use"), id: word, input: members }), input),
    members.map((more) => ({
      content_block: { type: "redacted_thinking", data: "d", ...more },
      deltas: [],
    })),
    block(
      fc.constant({ type: "new" }),
      members.map((said) => ({ ...said, type: "new_delta" })),
    ),
  );
}

function withMore(said: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc.tuple(said, members).map(([known, others]) => ({ ...others, ...known }));
}

function anyStream(): fc.Arbitrary<readonly JsonObject[]> {
  const other = fc.constantFrom<JsonObject>({ type: "ping" }, { type: "new_event", a: 1 });
  return fc
    .record({
      blocks: fc.array(anyBlock(), { maxLength: 4 }),
      others: fc.array(other, { maxLength: 4 }),
      started: members,
      stopped: members,
      ended: members,
      reason: fc.constantFrom("end_turn", "tool_use", "pause_turn", "x"),
    })
    .map(({ blocks, others, started, stopped, ended, reason }) => [
      { ...messageStart, ...started },
      ...others,
      ...blocks.flatMap(({ content_block, deltas }, index) => [
        { ...blockStart(index, content_block), ...started },
        ...deltas.map((said) => ({ ...delta(index, said), ...stopped })),
        ...others,
        { ...blockStop(index), ...stopped },
      ]),
      { ...messageDelta, delta: { stop_reason: reason, ...ended }, ...ended },
      ...others,
      messageStop,
    ]);
}
