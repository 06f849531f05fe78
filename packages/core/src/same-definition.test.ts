import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { isSameDefinition } from "./same-definition.ts";

const lookup = (): void => {};
const definition = () => ({
  name: "up",
  kind: "openai",
  apiKey: new Secret("sk-1234567890"),
  headers: { "x-team": "a", authorization: new Secret("Basic abc") },
  timeouts: { idleMs: 1 },
  tags: ["a", "b"],
  baseUrl: undefined,
  lookup,
});

describe("isSameDefinition", () => {
  it("knows a definition that says the same, secrets included", () => {
    expect(isSameDefinition(definition(), definition())).toBe(true);
  });

  it("takes what is undefined for absent", () => {
    const { baseUrl: _, ...without } = definition();
    expect(isSameDefinition(definition(), without)).toBe(true);
  });

  it.each([
    ["another key", { apiKey: new Secret("sk-1234567891") }],
    ["a key that is gone", { apiKey: undefined }],
    ["a key as text", { apiKey: "sk-1234567890" }],
    ["another header", { headers: { "x-team": "b", authorization: new Secret("Basic abc") } }],
    ["another secret header", { headers: { "x-team": "a", authorization: new Secret("Basic abd") } }],
    ["a header more", { headers: { ...definition().headers, "x-more": "1" } }],
    ["another timeout", { timeouts: { idleMs: 2 } }],
    ["another order", { tags: ["b", "a"] }],
    ["a list instead of a map", { timeouts: [1] }],
    ["another function", { lookup: () => {} }],
    ["a member more", { allowPrivate: false }],
  ])("sees %s", (_, change) => {
    expect(isSameDefinition(definition(), { ...definition(), ...change })).toBe(false);
  });
});
