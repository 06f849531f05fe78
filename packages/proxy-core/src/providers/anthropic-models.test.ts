import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { readAnthropicModels } from "./anthropic-models.ts";

const read = (json: unknown) => readAnthropicModels("anthropic", Buffer.from(JSON.stringify(json)));

describe("readAnthropicModels", () => {
  it("reads what the vendor tells of its models", () => {
    const model = {
      type: "model",
      id: "claude-a",
      display_name: "Claude A",
      created_at: "2026-01-01T00:00:00Z",
      max_input_tokens: 1_000_000,
      max_tokens: 64_000,
      lifecycle: "active",
    };
    expect(read({ data: [model], has_more: false, last_id: "claude-a" })).toEqual({
      models: [
        {
          id: "claude-a",
          provider: "anthropic",
          aliases: [],
          createdAt: new Date("2026-01-01T00:00:00Z"),
          maxContextTokens: 1_000_000,
          maxOutputTokens: 64_000,
        },
      ],
    });
  });

  it("says no more than it knows", () => {
    const unknown = { id: "a", created_at: "1970-01-01T00:00:00Z", max_tokens: null };
    expect(read({ data: [unknown] }).models).toEqual([{ id: "a", provider: "anthropic", aliases: [] }]);
  });

  it("leaves out retired models and what is none", () => {
    const data = [{ id: "old", lifecycle: "retired" }, { id: "" }, {}, 1, { id: "x".repeat(257) }];
    expect(read({ data }).models).toEqual([]);
  });

  it.each<[object, string | undefined]>([
    [{ has_more: true, last_id: "claude/a b" }, "/models?limit=1000&after_id=claude%2Fa%20b"],
    [{ has_more: true, last_id: null }, undefined],
    [{ has_more: false, last_id: "a" }, undefined],
  ])("finds the next page of %j at %s", (members, next) => {
    expect(read({ data: [], ...members }).next).toBe(next);
  });

  it.each(["no json", "[]", "{}", '{"data":1}'])("refuses %s", (text) => {
    expect(() => readAnthropicModels("anthropic", Buffer.from(text))).toThrow(
      new ProxyError("upstream_failed", "the list of models is not one"),
    );
  });
});
