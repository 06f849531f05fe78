import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { readResponseSchema } from "./response-schema.ts";

const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

describe("readResponseSchema", () => {
  it.each(["{}", '{"type":"object"}', ' {"a":[1,{"b":null}]} ', nested(64)])("reads %.20s", (text) => {
    expect(readResponseSchema(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ["text that is no JSON", "{type: object}", /expected valid JSON/],
    ["half an object", '{"a":', /expected valid JSON/],
    ["a list", "[]", /text of a JSON object/],
    ["a string", '"object"', /text of a JSON object/],
    ["null", "null", /text of a JSON object/],
    ["more levels than anybody needs", nested(65), /at most 64 levels/],
    ["levels of lists too", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`, /at most 64 levels/],
    ["levels enough to break the stack", nested(40_000), /at most 64 levels/],
    ["more text than anybody needs", `{"a":"${"x".repeat(262_144)}"}`, /at most 262144 characters/],
  ])("refuses %s", (_what, text, message) => {
    const refused = expect.objectContaining({
      code: "invalid_request",
      field: "response_model_schema",
      message: expect.stringMatching(message),
    });
    expect(() => readResponseSchema(text)).toThrow(refused);
  });

  it("does not repeat the text in the refusal", () => {
    try {
      readResponseSchema("{hunter2}");
      expect.unreachable();
    } catch (error) {
      expect(ProxyError.is(error) && `${error.message} ${error.cause}`).not.toContain("hunter2");
    }
  });

  it("gives a schema with a property named __proto__ no other prototype", () => {
    const schema = readResponseSchema('{"__proto__":{"polluted":true}}');
    expect(Object.getPrototypeOf(schema)).toBe(Object.prototype);
    expect(schema.polluted).toBeUndefined();
  });
});
