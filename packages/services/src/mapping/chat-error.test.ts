import { type ChatRequest, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { chatError } from "./chat-error.ts";

const request: ChatRequest = {
  model: "m",
  messages: [
    { role: "user", content: [{ type: "text", text: "x" }] },
    {
      role: "assistant",
      content: [
        { type: "tool-call", id: "1", name: "f", arguments: "{" },
        {
          type: "tool-result",
          callId: "1",
          content: [{ type: "image", source: { kind: "file-id", fileId: "f" } }],
        },
      ],
    },
  ],
  sampling: {},
  stream: false,
  includeUsage: true,
};

describe("chatError", () => {
  it.each([
    ["model", "chat.model"],
    ["messages", "chat.messages"],
    ["messages[0].name", "chat.messages[0].name"],
    ["messages[0].content", "chat.messages[0].content"],
    ["messages[0].content[0]", "chat.messages[0].content[0]"],
    ["messages[1].content[0].arguments", "chat.messages[1].content[0].tool_call.arguments"],
    ["messages[1].content[1].content[0]", "chat.messages[1].content[1].tool_result.content[0]"],
    [
      "messages[1].content[1].content[0].source",
      "chat.messages[1].content[1].tool_result.content[0].image.source",
    ],
    ["messages[0].extra.openai-chat.prefix", 'chat.messages[0].extensions["openai-chat"].prefix'],
    [
      "messages[0].content[0].extra.anthropic-messages.citations",
      'chat.messages[0].content[0].extensions["anthropic-messages"].citations',
    ],
    ["messages[7].content[0].arguments", "chat.messages[7].content[0].arguments"],
    ["tools[0].extra.openai-chat.topLevel", 'chat.tools[0].extensions["openai-chat"].topLevel'],
    ["extra.anthropic-messages.top_k", 'chat.extensions["anthropic-messages"].top_k'],
    ["sampling.topLogprobs", "chat.sampling.top_logprobs"],
    ["maxOutputTokens", "chat.max_output_tokens"],
    ["responseFormat", "chat.response_format"],
    ["toolChoice", "chat.tool_choice"],
    ["tool_choice", "chat.tool_choice"],
  ])("finds %s in the message", (field, place) => {
    const details = { field, reason: "r", retryAfterMs: 1, vendor: { status: 400 }, cause: new Error("c") };
    const error = chatError(new ProxyError("invalid_request", `${field}: no words`, details), request);
    expect(error).toMatchObject({
      ...details,
      code: "invalid_request",
      field: place,
      message: `${place}: no words`,
    });
  });

  it("leaves a message that does not begin with the field", () => {
    const error = new ProxyError("model_not_found", "there is no model", { field: "model" });
    expect(chatError(error, request).message).toBe("there is no model");
  });

  it.each(["x-request-id", "models", "chat.model", "messages-count", undefined])("leaves %s", (field) => {
    const error = new ProxyError("invalid_request", "x", field === undefined ? {} : { field });
    expect(chatError(error, request)).toBe(error);
  });
});
