import { describe, expect, it } from "vitest";
import { boundLine, escapeControls } from "./log-line.ts";

const line = (fields: object): string => `${JSON.stringify({ level: "info", time: "t", ...fields })}\n`;

describe("escapeControls", () => {
  it("escapes what JSON leaves and a terminal obeys, so that it parses to the same", () => {
    const text = "\u007f\u009b31m\u2028\u202e\u2066ok é 🙂";
    const escaped = escapeControls(JSON.stringify(text));
    expect(escaped).toBe('"\\u007f\\u009b31m\\u2028\\u202e\\u2066ok é 🙂"');
    expect(JSON.parse(escaped)).toBe(text);
  });
});

describe("boundLine", () => {
  it("leaves a short line as it is", () => {
    expect(boundLine(line({ msg: "a" }), 4_096)).toBe(line({ msg: "a" }));
  });

  it("adds a missing line feed", () => {
    expect(boundLine('{"msg":"a"}', 4_096)).toBe('{"msg":"a"}\n');
  });

  it.each([
    ["many fields", { a: "x".repeat(20_000), msg: "m" }],
    ["a long message", { msg: "m".repeat(20_000) }],
    ["wide characters", { a: "🙂".repeat(5_000), msg: "é".repeat(5_000) }],
    ["text that JSON doubles", { a: '"\\'.repeat(10_000), msg: '"'.repeat(9_000) }],
    ["controls that JSON writes in six", { a: "\u0001".repeat(9_000), msg: "\u009b".repeat(3_000) }],
  ])("shortens a line with %s to valid JSON", (_, fields) => {
    const bounded = boundLine(line(fields), 8_192);
    expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(8_192);
    const { level, time, cut, fields: rest } = JSON.parse(bounded);
    expect({ level, time, cut }).toEqual({ level: "info", time: "t", cut: Buffer.byteLength(line(fields)) });
    expect(rest).toMatch(/^\{/);
  });

  it("keeps a line of exactly the bound, in bytes", () => {
    const exact = line({ a: "é".repeat((4_096 - Buffer.byteLength(line({ a: "" }))) / 2) });
    const missing = 4_096 - Buffer.byteLength(exact);
    expect(missing).toBeLessThan(2);
    expect(boundLine(exact, 4_096)).toBe(exact);
  });
});
