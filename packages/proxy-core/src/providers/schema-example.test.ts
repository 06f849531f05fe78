import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { exampleOf } from "./schema-example.ts";

describe("exampleOf", () => {
  it.each<[JsonObject, unknown]>([
    [{}, "text"],
    [{ type: "string" }, "text"],
    [{ type: ["string", "null"] }, "text"],
    [{ type: "null" }, null],
    [{ type: "boolean" }, false],
    [{ type: "number" }, 0],
    [{ type: "integer", minimum: 3 }, 3],
    [{ const: 7 }, 7],
    [{ enum: ["a", "b"] }, "a"],
    [{ type: "string", default: "d" }, "d"],
    [{ type: "array", items: { type: "string" } }, []],
    [{ type: "array", items: { type: "string" }, minItems: 2 }, ["text", "text"]],
    [{ type: "object" }, {}],
    [{ properties: { a: { type: "string" }, b: {} }, required: ["a"] }, { a: "text" }],
    [{ type: "object", required: ["unknown", 1] }, { unknown: "text" }],
    [
      {
        type: "object",
        properties: { inner: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } },
        required: ["inner"],
      },
      { inner: { n: 0 } },
    ],
  ])("of %j is %j", (schema, expected) => {
    expect(exampleOf(schema, "text")).toEqual(expected);
  });

  it("stays small where arrays multiply", () => {
    let schema: JsonObject = { type: "string" };
    for (let depth = 0; depth < 30; depth += 1) schema = { type: "array", minItems: 1e9, items: schema };
    expect(JSON.stringify(exampleOf(schema, "text")).length).toBeLessThan(10_000);
  });

  it("makes a member named __proto__ a member", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"object"}},"required":["__proto__"]}',
    );
    const value = exampleOf(schema, "text");
    expect(JSON.stringify(value)).toBe('{"__proto__":{}}');
  });
});
