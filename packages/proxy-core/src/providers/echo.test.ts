import {
  type ChatRequest,
  type Content,
  type Part,
  type ProviderCall,
  ProxyError,
  type Reply,
  type ReplyEnd,
} from "@llmproxy/spec";
import { createFakeClock, type FakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createEchoProvider, type EchoProviderOptions } from "./echo.ts";

const text = (value: string): Content => ({ type: "text", text: value });

function chatOf(members: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: "echo",
    messages: [{ role: "user", content: [text("one two three")] }],
    sampling: {},
    stream: true,
    includeUsage: true,
    ...members,
  };
}

interface Setting {
  readonly clock: FakeClock;
  readonly phases: string[];
  readonly controller: AbortController;
  call(chat?: Partial<ChatRequest>): Promise<Extract<Reply, { form: "parts" }>>;
}

function setUp(options: Partial<EchoProviderOptions> = {}): Setting {
  const clock = createFakeClock();
  const phases: string[] = [];
  const controller = new AbortController();
  const provider = createEchoProvider({ name: "test", clock, ...options });
  return {
    clock,
    phases,
    controller,
    async call(members) {
      const chat = chatOf(members);
      const call: ProviderCall = {
        id: "r1",
        model: chat.model,
        request: { operation: "chat", model: chat.model, stream: chat.stream, chat },
        signal: controller.signal,
        onPhase: (phase) => phases.push(phase),
      };
      const reply = await provider.call(call);
      if (reply.form !== "parts") throw new Error("expected parts");
      return reply;
    },
  };
}

async function partsOf(reply: Extract<Reply, { form: "parts" }>): Promise<Part[]> {
  return Array.fromAsync(reply.parts);
}

function endOf(reply: Reply): ReplyEnd[] {
  const ends: ReplyEnd[] = [];
  reply.onEnd((end) => ends.push(end));
  return ends;
}

const said = (parts: readonly Part[]): string[] =>
  parts.flatMap((part) => {
    if (part.type === "text-delta") return [part.text];
    return part.type === "tool-call-delta" ? [part.arguments] : [];
  });

describe("createEchoProvider", () => {
  it("answers with the last user message, word by word", async () => {
    const { call } = setUp();
    const reply = await call({
      messages: [
        { role: "user", content: [text("first")] },
        { role: "assistant", content: [text("answer")] },
        {
          role: "user",
          content: [text("one two "), { type: "image", source: { kind: "url", url: "u" } }, text("three")],
        },
      ],
    });
    expect(await partsOf(reply)).toEqual([
      { type: "start", id: "echo-r1", model: "echo", createdAt: new Date(Date.UTC(2026, 0, 1)) },
      { type: "text-delta", choice: 0, text: "one" },
      { type: "text-delta", choice: 0, text: " two" },
      { type: "text-delta", choice: 0, text: " \nthree" },
      { type: "finish", choice: 0, reason: "stop" },
      {
        type: "usage",
        usage: {
          inputTokens: 5,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          cacheWriteHourTokens: 0,
          audioInputTokens: 0,
          outputTokens: 3,
          reasoningTokens: 0,
          audioOutputTokens: 0,
          estimated: false,
        },
      },
    ]);
  });

  it.each([
    "a",
    "  leading and trailing  ",
    "tabs\tand\n\nline ends\r\n",
    "日本語 のテキスト",
    "",
    `many ${" ".repeat(50_000)} spaces`,
  ])("gives %j back as it is", async (message) => {
    const { call } = setUp();
    const reply = await call({ messages: [{ role: "user", content: [text(message)] }] });
    expect(said(await partsOf(reply)).join("")).toBe(message);
  });

  it("answers what was said before the results of tools", async () => {
    const { call } = setUp();
    const messages: ChatRequest["messages"] = [
      { role: "user", content: [text("how warm?")] },
      { role: "user", content: [{ type: "tool-result", callId: "c1", content: [text("20 °C")] }] },
    ];
    expect(said(await partsOf(await call({ messages }))).join("")).toBe("how warm?");
  });

  it("answers nothing where there is no user message", async () => {
    const { call } = setUp();
    const parts = await partsOf(await call({ messages: [{ role: "system", content: [text("be kind")] }] }));
    expect(parts.map(({ type }) => type)).toEqual(["start", "finish", "usage"]);
  });

  it.each<[string, Partial<EchoProviderOptions>, Partial<ChatRequest>, string, string]>([
    ["the configured number of words", { tokens: 5 }, {}, "one two three one two", "stop"],
    [
      "one word again and again where there is none",
      { tokens: 3 },
      { messages: [] },
      "echo echo echo",
      "stop",
    ],
    ["no more words than max_tokens", {}, { maxOutputTokens: 2 }, "one two", "length"],
    ["all words where max_tokens is their number", {}, { maxOutputTokens: 3 }, "one two three", "stop"],
    ["the configured number, limited", { tokens: 5 }, { maxOutputTokens: 4 }, "one two three one", "length"],
    ["the text up to a stop", {}, { sampling: { stop: ["three", "wo"] } }, "one t", "stop"],
    [
      "all of the text where no stop is in it",
      {},
      { sampling: { stop: ["four", ""] } },
      "one two three",
      "stop",
    ],
  ])("answers with %s", async (_, options, chat, expected, reason) => {
    const parts = await partsOf(await setUp(options).call(chat));
    expect(said(parts).join("")).toBe(expected);
    expect(parts.find(({ type }) => type === "finish")).toMatchObject({ reason });
  });

  it("answers n times", async () => {
    const parts = await partsOf(await setUp().call({ sampling: { choices: 2 } }));
    expect(parts.filter((part) => part.type === "finish").map(({ choice }) => choice)).toEqual([0, 1]);
    expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 3, outputTokens: 6 } });
  });

  describe("when the answer would be very long", () => {
    const words = (count: number): Partial<ChatRequest> => ({
      messages: [{ role: "user", content: [text("a ".repeat(count))] }],
    });

    it.each<[Partial<ChatRequest>, string, string]>([
      [words(100_001), "messages", "messages: expected an answer of at most 100000 words"],
      [
        { ...words(100_001), sampling: { choices: 2 } },
        "messages",
        "messages: expected an answer of at most 100000 words",
      ],
      [
        { ...words(50_001), sampling: { choices: 2 } },
        "n",
        "n: expected at most 1 for an answer of 50001 words, as all together may have 100000",
      ],
      [
        { ...words(1_000), sampling: { choices: 128 } },
        "n",
        "n: expected at most 100 for an answer of 1000 words, as all together may have 100000",
      ],
    ])("refuses it, case %#", async (chat, field, message) => {
      await expect(setUp().call(chat)).rejects.toMatchObject({ code: "invalid_request", field, message });
    });

    it("refuses many answers of a long word", async () => {
      const word: Partial<ChatRequest> = {
        messages: [{ role: "user", content: [text("a".repeat(20 * 1_048_576))] }],
      };
      await expect(setUp().call({ ...word, sampling: { choices: 2 } })).rejects.toMatchObject({
        code: "invalid_request",
        field: "n",
        message:
          "n: expected at most 1 for an answer of 20971520 characters, as all together may have 33554432",
      });
      expect(await partsOf(await setUp().call(word))).toHaveLength(4);
    });

    it("counts only the words that max_tokens lets through", async () => {
      const chat = { ...words(200_000), sampling: { choices: 128 }, maxOutputTokens: 10 };
      const parts = await partsOf(await setUp().call(chat));
      expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: 1_280 } });
    });

    it("counts the words it is configured with", async () => {
      const { call } = setUp({ tokens: 1_000 });
      await expect(call({ sampling: { choices: 101 } })).rejects.toMatchObject({ field: "n" });
    });

    it("answers up to the bound", async () => {
      const parts = await partsOf(await setUp().call({ ...words(50_000), sampling: { choices: 2 } }));
      expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: 100_000 } });
    });
  });

  it("counts words in all messages and in tool results", async () => {
    const parts = await partsOf(
      await setUp().call({
        messages: [
          { role: "system", content: [text("be very kind")] },
          { role: "user", content: [text("hi")] },
          {
            role: "tool",
            content: [{ type: "tool-result", callId: "c", content: [text("it is 20 degrees")] }],
          },
        ],
      }),
    );
    expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 8, outputTokens: 1, estimated: false } });
  });

  const weather = {
    name: "weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 1 },
        unit: { enum: ["C", "F"] },
        note: { type: "string" },
      },
      required: ["city", "days", "unit"],
    },
  };
  it.each<[string, Partial<ChatRequest>, string, unknown]>([
    [
      "the first tool when one is required",
      { tools: [weather, { name: "other" }], toolChoice: { type: "required" } },
      "weather",
      { city: "one two three", days: 1, unit: "C" },
    ],
    [
      "the tool that is named",
      { tools: [weather, { name: "other" }], toolChoice: { type: "tool", name: "other" } },
      "other",
      { input: "one two three" },
    ],
  ])("calls %s", async (_, chat, name, expected) => {
    const parts = await partsOf(await setUp().call(chat));
    expect(parts[1]).toEqual({ type: "tool-call-start", choice: 0, index: 0, id: "call_echo_0", name });
    expect(JSON.parse(said(parts).join(""))).toEqual(expected);
    expect(parts.at(-2)).toEqual({ type: "finish", choice: 0, reason: "tool-calls" });
  });

  it("answers with text when tools are there but not insisted on", async () => {
    const parts = await partsOf(await setUp().call({ tools: [weather], toolChoice: { type: "auto" } }));
    expect(said(parts).join("")).toBe("one two three");
  });

  it.each<[Partial<ChatRequest>, string]>([
    [{ toolChoice: { type: "required" } }, "tool_choice: expected at least one tool in tools"],
    [
      { tools: [weather], toolChoice: { type: "tool", name: "x" } },
      'tool_choice: expected a tool named "x" in tools',
    ],
  ])("refuses %j", async (chat, message) => {
    await expect(setUp().call(chat)).rejects.toMatchObject({
      code: "invalid_request",
      field: "tool_choice",
      message,
    });
  });

  it("tells where the call is and whether it is a stream", async () => {
    const { call, phases } = setUp();
    const reply = await call({ stream: false });
    expect(phases).toEqual(["connecting", "headers"]);
    expect(reply).toMatchObject({ form: "parts", status: 200, headers: {}, stream: false });
    await reply.parts.return?.();
  });

  it("waits before the answer and before each further word", async () => {
    const { call, clock } = setUp({ delayMs: 100, chunkDelayMs: 10 });
    const times: [string, number][] = [];
    const begin = clock.monotonic();
    const done = (async () => {
      for await (const part of (await call()).parts) times.push([part.type, clock.monotonic() - begin]);
    })();
    await clock.advance(1_000);
    await done;
    expect(times).toEqual([
      ["start", 100],
      ["text-delta", 100],
      ["text-delta", 110],
      ["text-delta", 120],
      ["finish", 120],
      ["usage", 120],
    ]);
  });

  it("ends as finished with usage and finish reason", async () => {
    const reply = await setUp().call();
    const ends = endOf(reply);
    await partsOf(reply);
    expect(await reply.parts.next()).toEqual({ done: true, value: undefined });
    reply.cancel(new ProxyError("canceled", "too late"));
    expect(ends).toMatchObject([
      { outcome: "finished", finishReason: "stop", usage: { inputTokens: 3, outputTokens: 3 } },
    ]);
    expect(ends[0]?.error).toBeUndefined();
  });

  describe("when the call is aborted", () => {
    const reason = new ProxyError("canceled", "the client left");

    it("does not begin", async () => {
      const { call, controller, phases } = setUp();
      controller.abort(reason);
      await expect(call()).rejects.toBe(reason);
      expect(phases).toEqual([]);
    });

    it("does not wait for the answer", async () => {
      const { call, controller, clock } = setUp({ delayMs: 100 });
      const answer = call();
      const failed = expect(answer).rejects.toBe(reason);
      controller.abort(reason);
      await failed;
      expect(clock.pending).toBe(0);
    });

    it("ends before the first part was taken", async () => {
      const { call, controller } = setUp();
      const reply = await call();
      const ends = endOf(reply);
      controller.abort(reason);
      expect(ends).toMatchObject([{ outcome: "canceled", error: reason, usage: { outputTokens: 0 } }]);
      await expect(reply.parts.next()).rejects.toBe(reason);
    });

    it("ends while it waits for a word, and tells what was used", async () => {
      const { call, controller, clock } = setUp({ chunkDelayMs: 10 });
      const reply = await call();
      const ends = endOf(reply);
      await reply.parts.next();
      await reply.parts.next();
      const next = reply.parts.next();
      const failed = expect(next).rejects.toBe(reason);
      controller.abort(reason);
      await failed;
      expect(ends).toMatchObject([{ outcome: "canceled", usage: { inputTokens: 3, outputTokens: 1 } }]);
      expect(clock.pending).toBe(0);
    });

    it("ends a long answer that never waits", async () => {
      const { call, controller } = setUp({ tokens: 100_000 });
      const reply = await call();
      setImmediate(() => controller.abort(reason));
      await expect(partsOf(reply)).rejects.toBe(reason);
    });

    it("says timed-out where a deadline passed", async () => {
      const { call, controller } = setUp();
      const ends = endOf(await call());
      controller.abort(new ProxyError("deadline_exceeded", "the deadline passed"));
      expect(ends).toMatchObject([{ outcome: "timed-out" }]);
    });
  });

  it.each(["cancel", "return"] as const)("ends once by %s, before and after the first part", async (how) => {
    for (const taken of [0, 2]) {
      const { call, controller } = setUp();
      const reply = await call();
      const ends = endOf(reply);
      for (let count = 0; count < taken; count += 1) await reply.parts.next();
      if (how === "return") expect(await reply.parts.return?.()).toEqual({ done: true, value: undefined });
      else reply.cancel(new ProxyError("canceled", "no longer wanted"));
      controller.abort(new ProxyError("canceled", "and the client left"));
      expect(ends).toMatchObject([{ outcome: "canceled", error: { code: "canceled" } }]);
      await expect(reply.parts.next()).rejects.toBe(ends[0]?.error);
    }
  });

  it("lists its model", async () => {
    const provider = createEchoProvider({ name: "test" });
    expect(provider).toMatchObject({ name: "test", kind: "echo" });
    expect(provider.models()).toEqual([{ id: "echo", provider: "test", aliases: [] }]);
    await provider.close();
  });

  it.each([
    [{ delayMs: -1 }, "delay_ms"],
    [{ chunkDelayMs: 0.5 }, "chunk_delay_ms"],
    [{ tokens: 0 }, "tokens"],
    [{ tokens: 100_001 }, "tokens"],
  ])("refuses %j", (options, field) => {
    expect(() => createEchoProvider({ name: "test", ...options })).toThrow(
      expect.objectContaining({ code: "invalid_request", field }),
    );
  });
});
