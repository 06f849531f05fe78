import { describe, expect, it } from "vitest";
import { textLine } from "./text-line.ts";

const time = "2026-11-21T05:12:33.123Z";
const line = (fields: object): string => JSON.stringify({ level: "warn", time, ...fields });

describe("textLine", () => {
  it("shows time of day, level, message and fields", () => {
    expect(
      textLine(line({ model: "gpt-4o", ms: 12, note: "two words", list: [1], msg: "slow call" }), "none"),
    ).toBe('05:12:33.123 WARN  slow call model=gpt-4o ms=12 note="two words" list=[1]\n');
  });

  it("colors time, level and names", () => {
    expect(textLine(line({ a: 1, msg: "m" }), "ansi")).toBe(
      "\u001b[2m05:12:33.123\u001b[0m \u001b[33mWARN \u001b[0m m \u001b[2ma=\u001b[0m1\n",
    );
  });

  it("puts a stack on lines of its own", () => {
    const error = { message: "broken", stack: "Error: broken\n    at a (a.ts:1:1)\n    at b" };
    expect(textLine(line({ error, msg: "m" }), "none")).toBe(
      '05:12:33.123 WARN  m error={"message":"broken"}\n    Error: broken\n    at a (a.ts:1:1)\n    at b\n',
    );
  });

  it.each([
    ["message", { msg: "a\r\n05:12:33.123 ERROR forged\u001b[2J\u009b31m" }],
    ["value", { a: "a\r\n05:12:33.123 ERROR forged\u001b[2J\u009b31m", msg: "m" }],
    ["name", { "a\r\nforged \u001b[2J\u009b31m": 1, msg: "m" }],
    ["stack", { error: { stack: "Error: a\n05:12:33.123 ERROR forged\u001b[2J\u009b31m" }, msg: "m" }],
  ])("lets no %s forge a line or command the terminal", (_, fields) => {
    const text = textLine(line(fields), "none");
    for (const printed of text.trimEnd().split("\n").slice(1)) expect(printed).toMatch(/^ {4}/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(text).toContain("\\u001b[2J\\u009b31m");
  });
});
