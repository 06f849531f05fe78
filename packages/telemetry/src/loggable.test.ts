import { ProxyError, Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { loggableFields, loggableText } from "./loggable.ts";
import { createScrubber } from "./scrubber.ts";

const scrub = createScrubber();
const read = (fields: Record<string, unknown>, stacks = false) => loggableFields(fields, { scrub, stacks });
const key = "sk-llp-0123456789abcdef";

describe("loggableFields", () => {
  it("keeps plain data", () => {
    const fields = {
      text: "a",
      number: 1.5,
      flag: false,
      nothing: null,
      list: [1, "b"],
      deep: { a: { b: 1 } },
    };
    expect(read(fields)).toEqual(fields);
  });

  it.each<[string, unknown, unknown]>([
    ["undefined, functions and symbols", { a: undefined, b() {}, c: Symbol("c") }, {}],
    ["big integers", 2n ** 64n, "18446744073709551616"],
    ["numbers JSON cannot say", [Number.NaN, Number.POSITIVE_INFINITY], ["NaN", "Infinity"]],
    ["dates", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["invalid dates", new Date(Number.NaN), null],
    ["URLs without their password", new URL("https://u:p@example.com/"), "https://[secret]@example.com/"],
    ["bytes by their number", Buffer.from(key), "[23 bytes]"],
    ["maps and sets", new Map<string, unknown>([["a", new Set([1])]]), { a: [1] }],
    ["secrets as they show themselves", { value: new Secret(key) }, { value: "[secret]" }],
    ["objects without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ["holes of a list", [undefined, 1], [null, 1]],
  ])("reads %s", (_, value, expected) => {
    expect(read({ value })).toEqual({ value: expected });
  });

  it("reads an error as code and message, with its causes", () => {
    const cause = Object.assign(new TypeError(`bad ${key}`), { code: "ECONNREFUSED", config: { key } });
    expect(read({ error: new ProxyError("upstream_failed", "no answer", { cause }) })).toEqual({
      error: {
        name: "ProxyError",
        code: "upstream_failed",
        message: "no answer",
        cause: { name: "TypeError", code: "ECONNREFUSED", message: "bad [secret]" },
      },
    });
  });

  it("reads the errors of an aggregate", () => {
    const error = new AggregateError([new Error("one"), new Error("two")], "both");
    expect(read({ error })).toMatchObject({ error: { errors: [{ message: "one" }, { message: "two" }] } });
  });

  it("shows stacks, scrubbed, where asked to", () => {
    const { error } = read({ error: new Error(`with ${key}`) }, true) as { error: { stack: string } };
    expect(error.stack).toMatch(/^Error: with \[secret\]\n +at /);
    expect(read({ error: new Error("x") })).toEqual({ error: { message: "x" } });
  });

  it("hides what its name says is secret, wherever it stands", () => {
    const headers = { Authorization: "Basic dTpw", Cookie: "a=b", "x-api-key": "short", accept: "*/*" };
    expect(read({ headers, password: 1, api_key: "k", tokens: 12 })).toEqual({
      headers: { Authorization: "[secret]", Cookie: "[secret]", "x-api-key": "[secret]", accept: "*/*" },
      password: "[secret]",
      api_key: "[secret]",
      tokens: 12,
    });
  });

  it("scrubs values and names", () => {
    expect(read({ [key]: { list: [`Bearer ${key}`] } })).toEqual({
      "[secret]": { list: ["Bearer [secret]"] },
    });
  });

  it("renames fields that would pass for the line's own", () => {
    expect(read({ level: "error", time: "x", msg: "forged", other: 1 })).toEqual({
      field_level: "error",
      field_time: "x",
      field_msg: "forged",
      other: 1,
    });
  });

  it("bounds cycles, depth and number", () => {
    const loop: Record<string, unknown> = { a: 1 };
    loop.self = loop;
    loop.both = [loop, loop];
    const wide = Array.from({ length: 100_000 }, (_, index) => index);
    expect(JSON.stringify(read({ loop, wide })).length).toBeLessThan(10_000);
  });

  it("loses no event to a value that cannot be read", () => {
    const broken = {
      toJSON() {
        throw new Error("broken");
      },
    };
    expect(read({ a: 1, broken })).toEqual({ unreadable: "a broken" });
    expect(read({ [key]: broken })).toEqual({ unreadable: "[secret]" });
  });
});

describe("loggableText", () => {
  it("cuts long texts", () => {
    expect(loggableText("x".repeat(1_000_000), scrub)).toBe(`${"x".repeat(4_096)}…`);
  });

  it("shows no part of a secret that the cut goes through", () => {
    const text = `${"x".repeat(4_090)} ${key} ${"y".repeat(5_000)}`;
    expect(loggableText(text, scrub)).not.toContain("sk-");
  });
});
