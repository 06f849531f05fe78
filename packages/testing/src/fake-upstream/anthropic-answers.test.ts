import { describe, expect, it } from "vitest";
import { anthropicEventStream } from "../anthropic-event-stream.ts";
import { loadRecording } from "../recordings.ts";
import type { Answer, AnswerScript } from "./answer.ts";
import {
  anthropicError,
  anthropicMessages,
  anthropicModels,
  anthropicTokenCount,
} from "./anthropic-answers.ts";
import type { ReceivedRequest } from "./received-request.ts";

/** What a script answers to a request with this body. */
async function answerTo(script: AnswerScript, body: object, path = "/v1/messages"): Promise<Answer> {
  const request = { path, json: () => body } as ReceivedRequest;
  return typeof script === "function" ? script(request) : script;
}

async function bodyOf(script: AnswerScript, body: object, path?: string): Promise<string> {
  const answer = await answerTo(script, body, path);
  if ("body" in answer) return String(answer.body);
  if ("stream" in answer) return (answer.stream as readonly string[]).join("");
  throw new Error("raw");
}

const eventsOf = (text: string) =>
  text
    .trimEnd()
    .split("\n\n")
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length)));

describe("anthropicMessages", () => {
  it("answers with recordings in the form that is asked for", async () => {
    const script = anthropicMessages({ recording: "anthropic-text" });
    expect(await bodyOf(script, {})).toBe(
      loadRecording("anthropic-messages", "unary", "anthropic-text").json,
    );
    expect(await bodyOf(script, { stream: true })).toBe(
      anthropicEventStream(loadRecording("anthropic-messages", "stream", "anthropic-text").chunks).toString(),
    );
  });

  it("says a text of the test's own", async () => {
    const body = JSON.parse(await bodyOf(anthropicMessages({ text: "Hello, big world" }), { model: "m" }));
    expect(body).toMatchObject({
      type: "message",
      model: "m",
      content: [{ type: "text", text: "Hello, big world" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 5, output_tokens: 3 },
    });
  });

  it("streams thinking, text and tool uses as blocks", async () => {
    const script = anthropicMessages({
      text: " a b ",
      thinking: "hm",
      toolUses: [{ id: "t1", name: "f", input: { x: 1 } }],
    });
    const text = await bodyOf(script, { stream: true });
    expect(text).toMatch(/^event: message_start\ndata: /);
    const events = eventsOf(text);
    expect(
      events.filter(({ type }) => type === "content_block_start").map((event) => event.content_block.type),
    ).toEqual(["thinking", "text", "tool_use"]);
    expect(events.map(({ delta }) => delta?.text ?? "").join("")).toBe(" a b ");
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" }, usage: { output_tokens: 2 } });
    expect(events.at(-1)).toEqual({ type: "message_stop" });
  });

  it("passes on how to send", async () => {
    const fault = { kind: "cut", afterBytes: 3 } as const;
    expect(await answerTo(anthropicMessages({ text: "Hi", fault, status: 201 }), { stream: true })).toEqual({
      fault,
      status: 201,
      stream: expect.anything(),
    });
  });
});

describe("anthropicModels", () => {
  it("lists models in pages", async () => {
    const script = anthropicModels(["a", { id: "b", maxTokens: 8 }, "c"]);
    const first = JSON.parse(await bodyOf(script, {}, "/v1/models?limit=2"));
    expect(first).toMatchObject({
      data: [
        { id: "a", max_tokens: null },
        { id: "b", max_tokens: 8 },
      ],
      has_more: true,
      last_id: "b",
    });
    const second = JSON.parse(await bodyOf(script, {}, "/v1/models?limit=2&after_id=b"));
    expect(second).toMatchObject({ data: [{ id: "c" }], has_more: false, last_id: "c" });
  });
});

describe("anthropicTokenCount and anthropicError", () => {
  it("have Anthropic's shape", () => {
    expect(JSON.parse(String(anthropicTokenCount(7).body))).toEqual({ input_tokens: 7 });
    const error = anthropicError({ message: "busy", type: "overloaded_error" }, { status: 529 });
    expect(error.status).toBe(529);
    expect(JSON.parse(String(error.body))).toMatchObject({
      type: "error",
      error: { type: "overloaded_error", message: "busy" },
    });
  });
});
