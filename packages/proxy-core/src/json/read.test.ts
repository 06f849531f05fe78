import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { readJsonBody } from "./read.ts";

const read = (text: string | Uint8Array) =>
  readJsonBody(typeof text === "string" ? Buffer.from(text) : text, { dialect: "openai-chat" });

function failure(text: string | Uint8Array): ProxyError {
  try {
    read(text);
  } catch (error) {
    if (ProxyError.is(error)) return error;
    throw error;
  }
  throw new Error("expected the body to be refused");
}

describe("readJsonBody", () => {
  it("returns the object and the same bytes with the places of its members", () => {
    const bytes = Buffer.from('{"model": "gpt", "seed": 9007199254740993}');
    const { json, body } = readJsonBody(bytes, { dialect: "openai-chat" });
    expect(json).toEqual({ model: "gpt", seed: 9007199254740992 });
    expect(body.bytes).toBe(bytes);
    expect(body.dialect).toBe("openai-chat");
    expect(body.members.get("seed")).toEqual({ start: 25, end: 41 });
  });

  it("reads a view into a larger buffer", () => {
    const whole = Buffer.from('xxx{"a":1}xxx');
    expect(read(whole.subarray(3, 10)).json).toEqual({ a: 1 });
  });

  it("keeps a member named __proto__ as a member", () => {
    const { json } = read('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.keys(json)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(json.admin).toBeUndefined();
  });

  it("keeps lone surrogates in escapes", () => {
    expect(read('{"a":"\\ud83d"}').json).toEqual({ a: "\ud83d" });
  });

  it.each([
    ["a stray continuation byte", [0x80]],
    ["a cut sequence", [0xe2, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an encoded surrogate", [0xed, 0xa0, 0x80]],
    ["a code point beyond U+10FFFF", [0xf5, 0x80, 0x80, 0x80]],
  ])("refuses %s in small and large bodies", (_, sequence) => {
    for (const padding of ["", "x".repeat(100_000)]) {
      const body = Buffer.concat([Buffer.from(`{"a":"${padding}`), Buffer.from(sequence), Buffer.from('"}')]);
      expect(failure(body)).toMatchObject({
        code: "invalid_request",
        message: "malformed json: expected utf-8 text",
      });
    }
  });

  it.each([
    ['{"a":"\u0001"}', "malformed json at line 1, column 7: bad control character in string literal"],
    ['{"a":\n"\\x"}', "malformed json at line 2, column 3: bad escaped character"],
    ['{"a":01}', "malformed json at line 1, column 7: unexpected number"],
    ['{"a":1.}', "malformed json at line 1, column 8: unterminated fractional number"],
    ['{"a":"\\u12"}', "malformed json at line 1, column 11: bad unicode escape"],
    ['{"a":1e}', "malformed json at line 1, column 8: exponent part is missing a number"],
    ["[]", "malformed json at line 1, column 1: expected a json object"],
  ])("refuses %j and says where", (text, message) => {
    expect(failure(text)).toMatchObject({ code: "invalid_request", message });
  });

  it("does not repeat the text in its message", () => {
    expect(failure('{"key":+sk-secret}').message).not.toContain("secret");
    expect(failure('{"key":1sk-secret}').message).not.toContain("secret");
    expect(failure('{"key":1-1,"other":"sk-secret"}').message).not.toContain("secret");
  });

  it("reads large bodies of text beyond ASCII", () => {
    const text = "grüße 😀 ".repeat(10_000);
    expect(read(JSON.stringify({ text })).json).toEqual({ text });
  });
});
