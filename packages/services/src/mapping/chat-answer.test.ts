import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { type CompleteResponse, CompleteResponseSchema } from "@llmproxy/proto";
import type { Part } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { collectAnswer } from "./chat-answer.ts";

async function* saying(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

/** The answer as a client decodes it. */
async function collect(...parts: Part[]): Promise<CompleteResponse> {
  const message = create(CompleteResponseSchema, await collectAnswer(saying(parts)));
  return fromBinary(CompleteResponseSchema, toBinary(CompleteResponseSchema, message));
}

const text = (text: string, choice = 0): Part => ({ type: "text-delta", choice, text });
const reasoning = (text: string, signature?: string): Part => ({
  type: "reasoning-delta",
  choice: 0,
  text,
  ...(signature !== undefined && { signature }),
});
const call = (index: number, id: string): Part => ({
  type: "tool-call-start",
  choice: 0,
  index,
  id,
  name: "f",
});
const more = (index: number, text: string): Part => ({
  type: "tool-call-delta",
  choice: 0,
  index,
  arguments: text,
});

const contentOf = async (...parts: Part[]) =>
  (await collect(...parts)).choices[0]?.content.map(({ kind }) => kind);

describe("collectAnswer", () => {
  it("tells who answered, and when", async () => {
    const createdAt = new Date("2026-01-01T00:00:00Z");
    const answer = await collect({ type: "start", id: "a-1", model: "vendor-model", createdAt }, text("x"));
    expect(answer).toMatchObject({
      id: "a-1",
      model: "vendor-model",
      createdAt: { seconds: 1_767_225_600n },
    });
  });

  it.each([new Date(8.64e15), new Date(-8.64e15), new Date(Number.NaN)])(
    "leaves out a moment that cannot be (%o)",
    async (createdAt) => {
      const answer = await collect({ type: "start", id: "", model: "", createdAt });
      expect(answer.createdAt).toBeUndefined();
    },
  );

  it("keeps the order in which things were said, and joins the pieces of each", async () => {
    expect(
      await contentOf(
        reasoning("h"),
        reasoning("m"),
        text("a"),
        text(""),
        text("b"),
        call(0, "1"),
        text("c"),
      ),
    ).toMatchObject([
      { case: "reasoning", value: { text: "hm" } },
      { case: "text", value: "ab" },
      { case: "toolCall", value: { id: "1" } },
      { case: "text", value: "c" },
    ]);
  });

  it("begins another piece of reasoning after a signature", async () => {
    expect(await contentOf(reasoning("a"), reasoning("", "s-1"), reasoning("b", "s-2"))).toMatchObject([
      { case: "reasoning", value: { text: "a", signature: "s-1" } },
      { case: "reasoning", value: { text: "b", signature: "s-2" } },
    ]);
  });

  it("tells interleaved tool calls apart", async () => {
    expect(
      await contentOf(call(0, "1"), more(0, "{"), call(1, "2"), more(1, "["), more(0, "}"), more(1, "]")),
    ).toMatchObject([
      { case: "toolCall", value: { id: "1", name: "f", arguments: "{}" } },
      { case: "toolCall", value: { id: "2", name: "f", arguments: "[]" } },
    ]);
  });

  it("says a refusal apart from text", async () => {
    expect(await contentOf(text("a"), { type: "refusal-delta", choice: 0, text: "no" })).toEqual([
      { case: "text", value: "a" },
      { case: "refusal", value: "no" },
    ]);
  });

  it("keeps what only one vendor knows in the form its dialect takes back", async () => {
    const opaque = (own: Record<string, never> | object): Part => ({
      type: "opaque",
      choice: 0,
      extra: { "openai-chat": { parts: 1, choice: { index: 0 }, message: { role: "assistant" }, ...own } },
    });
    const answer = await collect(
      opaque({}),
      opaque({ item: { type: "video", id: 1 } }),
      opaque({ call: { type: "custom", id: "c" }, at: 0 }),
      opaque({ call: { type: "custom", input: "a fragment" } }),
    );
    const json = toJson(CompleteResponseSchema, answer);
    expect(json).toMatchObject({
      choices: [
        {
          content: [
            { opaque: { dialect: "openai-chat", value: { type: "video", id: 1 } } },
            { opaque: { dialect: "openai-chat", value: { tool_call: { type: "custom", id: "c" } } } },
          ],
        },
      ],
    });
    expect(answer.choices[0]?.content).toHaveLength(2);
  });

  it("keeps thoughts only their vendor can read, and blocks only it knows, among the others", async () => {
    const own = (start: object, type: "opaque" | "reasoning-delta"): Part => ({
      type,
      choice: 0,
      text: "",
      extra: { "anthropic-messages": { start: { ...start } } },
    });
    const redacted = { type: "redacted_thinking", data: "d" };
    const search = { type: "server_tool_use", id: "s", input: { query: "q" } };
    const answer = await collect(
      reasoning("hm", "s"),
      own(redacted, "reasoning-delta"),
      own({ type: "text", text: "" }, "opaque"),
      own(search, "opaque"),
      text("x"),
    );
    expect(toJson(CompleteResponseSchema, answer)).toMatchObject({
      choices: [
        {
          content: [
            { reasoning: { text: "hm", signature: "s" } },
            { opaque: { dialect: "anthropic-messages", value: redacted } },
            { opaque: { dialect: "anthropic-messages", value: search } },
            { text: "x" },
          ],
        },
      ],
    });
  });

  it("orders the choices by their numbers", async () => {
    const answer = await collect(text("b", 1), text("a", 0), { type: "finish", choice: 1, reason: "length" });
    expect(answer.choices).toMatchObject([
      { index: 0, content: [{ kind: { value: "a" } }], finishReason: 0 },
      { index: 1, content: [{ kind: { value: "b" } }], finishReason: 2 },
    ]);
  });

  it("joins token probabilities", async () => {
    const logprobs = (value: object): Part => ({
      type: "logprobs",
      choice: 0,
      value: JSON.parse(JSON.stringify(value)),
    });
    const answer = await collect(
      logprobs({ content: [{ token: "a" }], refusal: null }),
      logprobs({ content: [{ token: "b" }], refusal: null }),
    );
    expect(toJson(CompleteResponseSchema, answer)).toMatchObject({
      choices: [{ logprobs: { content: [{ token: "a" }, { token: "b" }], refusal: null } }],
    });
  });

  it.each([-1, 2 ** 31, 0.5])("refuses a choice of number %d", async (choice) => {
    await expect(collect(text("x", choice))).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("refuses more choices than anybody can have asked for", async () => {
    const parts = Array.from({ length: 1_025 }, (_, choice) => text("x", choice));
    await expect(collect(...parts)).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("refuses JSON nested too deeply to be encoded", async () => {
    const value = JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`);
    await expect(collect({ type: "logprobs", choice: 0, value })).rejects.toMatchObject({
      code: "upstream_failed",
    });
  });
});
