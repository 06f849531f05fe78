import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { chatError } from "./chat-error.ts";

describe("chatError", () => {
  it.each([
    ["model", "there is no model", "chat.model", "there is no model"],
    [
      "messages[1].content",
      "messages[1].content: no words",
      "chat.messages[1].content",
      "chat.messages[1].content: no words",
    ],
    ["tool_choice", "tool_choice: expected x", "chat.tool_choice", "chat.tool_choice: expected x"],
  ])("finds %s in the message", (field, message, found, said) => {
    const details = { field, reason: "r", retryAfterMs: 1, vendor: { status: 400 }, cause: new Error("c") };
    const error = new ProxyError("invalid_request", message, details);
    expect(chatError(error)).toMatchObject({
      code: "invalid_request",
      ...details,
      message: said,
      field: found,
    });
  });

  it.each(["x-request-id", "models", "chat.model", "messages-count", undefined])("leaves %s", (field) => {
    const error = new ProxyError("invalid_request", "x", field === undefined ? {} : { field });
    expect(chatError(error)).toBe(error);
  });
});
