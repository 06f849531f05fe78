import { describe, expect, it } from "vitest";
import { readModels } from "./openai-models.ts";

const read = (value: unknown) => readModels("openai", Buffer.from(JSON.stringify(value)));

describe("readModels", () => {
  it("reads OpenAI's list", () => {
    const data = [
      { id: "gpt-4o-mini", object: "model", created: 1_721_172_741, owned_by: "system" },
      { id: "o4-mini", object: "model", created: 1_744_133_301, owned_by: "system" },
    ];
    expect(read({ object: "list", data })).toEqual([
      { id: "gpt-4o-mini", provider: "openai", aliases: [], createdAt: new Date("2024-07-16T23:32:21Z") },
      { id: "o4-mini", provider: "openai", aliases: [], createdAt: new Date("2025-04-08T17:28:21Z") },
    ]);
  });

  it.each([
    ["Groq", { context_window: 131_072 }],
    ["OpenRouter and Together", { context_length: 131_072 }],
    ["vLLM", { max_model_len: 131_072 }],
    ["Mistral", { max_context_length: 131_072 }],
  ])("finds how long a context may be as %s says it", (_, member) => {
    expect(read({ data: [{ id: "m", ...member }] })).toEqual([
      { id: "m", provider: "openai", aliases: [], maxContextTokens: 131_072 },
    ]);
  });

  it("reads a list without its envelope", () => {
    expect(read([{ id: "m" }])).toEqual([{ id: "m", provider: "openai", aliases: [] }]);
  });

  it("leaves out what is no model, and what it knows already", () => {
    const data = [
      null,
      1,
      "m",
      [],
      {},
      { id: "" },
      { id: 7 },
      { id: "x".repeat(257) },
      { id: "m" },
      { id: "m", created: 1 },
    ];
    expect(read({ data }).map(({ id }) => id)).toEqual(["m"]);
  });

  it.each([
    { created: "1" },
    { created: 1e300 },
    { context_window: -1 },
    { context_window: 1.5 },
    { context_window: "8k" },
  ])("leaves out the figures of %j", (member) => {
    expect(read({ data: [{ id: "m", ...member }] })).toEqual([{ id: "m", provider: "openai", aliases: [] }]);
  });

  it("keeps a name that is a member of every object", () => {
    expect(read({ data: [{ id: "__proto__" }, { id: "constructor" }] }).map(({ id }) => id)).toEqual([
      "__proto__",
      "constructor",
    ]);
  });

  it("takes 10,000 models at most", () => {
    const data = Array.from({ length: 10_001 }, (_, index) => ({ id: `m${index}` }));
    expect(read({ data })).toHaveLength(10_000);
  });

  it.each([
    ["no list", "{}"],
    ["another type", '{"data":{}}'],
    ["null", "null"],
    ["no JSON", "<html>"],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(() => readModels("openai", Buffer.from(text))).toThrow(
      expect.objectContaining({ code: "upstream_failed" }),
    );
  });
});
