import { describe, expect, it } from "vitest";
import { openaiEventStream } from "../openai-event-stream.ts";
import { loadRecording } from "../recordings.ts";
import type { Answer, AnswerScript } from "./answer.ts";
import { openaiChat, openaiError, openaiModels } from "./openai-answers.ts";
import type { ReceivedRequest } from "./received-request.ts";

/** What a script answers to a request with this body. */
async function answerTo(script: AnswerScript, body: object): Promise<Answer> {
  const request = { json: () => body } as ReceivedRequest;
  return typeof script === "function" ? script(request) : script;
}

async function bodyOf(script: AnswerScript, body: object): Promise<string> {
  const answer = await answerTo(script, body);
  if ("body" in answer) return String(answer.body);
  if ("stream" in answer) return (answer.stream as readonly string[]).join("");
  throw new Error("raw");
}

const usageRequested = { stream: true, stream_options: { include_usage: true } };

describe("openaiChat", () => {
  it("answers a unary request with the unary recording", async () => {
    const script = openaiChat({ recording: "openai-text" });
    expect(await bodyOf(script, { model: "x" })).toBe(
      loadRecording("openai-chat", "unary", "openai-text").json,
    );
  });

  it("answers a streamed request that asks for usage with the whole streamed recording", async () => {
    const { chunks } = loadRecording("openai-chat", "stream", "openai-text");
    expect(await bodyOf(openaiChat({ recording: "openai-text" }), usageRequested)).toBe(
      openaiEventStream(chunks).toString("utf8"),
    );
  });

  it("leaves the usage chunk out when it is not asked for", async () => {
    const { chunks } = loadRecording("openai-chat", "stream", "openai-text");
    expect(await bodyOf(openaiChat({ recording: "openai-text" }), { stream: true })).toBe(
      openaiEventStream(chunks.slice(0, -1)).toString("utf8"),
    );
  });

  it("keeps usage that comes with a choice", async () => {
    const { chunks } = loadRecording("deepseek", "stream", "deepseek-text");
    const script = openaiChat({ recording: "deepseek-text", format: "deepseek" });
    expect(await bodyOf(script, { stream: true })).toBe(openaiEventStream(chunks).toString("utf8"));
  });

  it("names a form that was not recorded", async () => {
    await expect(bodyOf(openaiChat({ recording: "azure-model-router.1" }), {})).rejects.toThrow(
      "there is no unary recording openai-chat/azure-model-router.1",
    );
  });

  it("says a text of the test's own", async () => {
    const body = JSON.parse(await bodyOf(openaiChat({ text: "Hello, big world" }), { model: "m" }));
    expect(body).toMatchObject({
      object: "chat.completion",
      model: "m",
      choices: [{ message: { role: "assistant", content: "Hello, big world" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    });
  });

  it("streams its text word by word without losing a space", async () => {
    const content = " Hello,\n big  world ";
    const events = (await bodyOf(openaiChat({ text: content }), { model: "m", ...usageRequested }))
      .trimEnd()
      .split("\n\n")
      .map((event) => event.slice("data: ".length));
    expect(events.pop()).toBe("[DONE]");
    const chunks = events.map((event) => JSON.parse(event));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(content);
    expect(chunks).toHaveLength(6);
    expect(chunks.at(-2).choices[0].finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });

  it("says nothing of usage in a stream that was not asked for it", async () => {
    expect(await bodyOf(openaiChat({ text: "Hi" }), { stream: true })).not.toContain("usage");
  });

  it("passes on how to send", async () => {
    const fault = { kind: "cut", afterBytes: 3 } as const;
    const script = openaiChat({
      text: "Hi",
      usage: { promptTokens: 1, completionTokens: 1 },
      fault,
      status: 201,
    });
    expect(await answerTo(script, { stream: true })).toEqual({
      fault,
      status: 201,
      stream: expect.anything(),
    });
  });
});

describe("openaiModels", () => {
  it("lists models", () => {
    expect(JSON.parse(String(openaiModels(["a", "b"]).body))).toMatchObject({
      object: "list",
      data: [{ id: "a", object: "model" }, { id: "b" }],
    });
  });
});

describe("openaiError", () => {
  it("has OpenAI's shape", () => {
    const answer = openaiError({ message: "slow down", type: "rate_limit_error" }, { status: 429 });
    expect(answer.status).toBe(429);
    expect(JSON.parse(String(answer.body))).toEqual({
      error: { message: "slow down", type: "rate_limit_error", param: null, code: null },
    });
  });
});
