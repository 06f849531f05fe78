import { describe, expect, it } from "vitest";
import { jsonErrorPosition } from "./json-syntax.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const texts = [
  "{}",
  "[]",
  "0",
  "-0",
  "1.5e+10",
  '"x"',
  "true",
  "false",
  "null",
  " \t\r\n{} \n",
  '{"a":{"b":[1,2,{"c":null}]},"d":"e"}',
  '"\\u00e9\\n\\"\\\\\\/"',
  '"\u007f\u0085\u2028é😀"',
  '["a" , "b"]',
  "[[],[],{}]",
  '{"":""}',
  "",
  " ",
  "{",
  "[",
  "}",
  "]",
  "[}",
  "{]",
  "{}}",
  "[1,]",
  "[,1]",
  "[1 2]",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{,}",
  '{"a":1 "b":2}',
  "{a:1}",
  "{'a':1}",
  "{1:2}",
  '{"a"::1}',
  "01",
  "1.",
  ".5",
  "+1",
  "-",
  "1e",
  "0x10",
  "NaN",
  "Infinity",
  "undefined",
  "True",
  "nul",
  "truefalse",
  "1 1",
  '"',
  '"\\x"',
  '"\\u12"',
  '"\n"',
  '"\u0000"',
  "// x\n1",
  "1 // x",
  "/* */1",
  "\ufeff1",
  "\u00a01",
  '{"a":1}x',
  "[1]]",
  '["a]',
  "[\"a\",\n\n'b']",
];

describe("jsonErrorPosition", () => {
  it.each(texts)("agrees with JSON.parse about %j", (text) => {
    expect(jsonErrorPosition(text) === undefined).toBe(isJson(text));
  });

  it.each([
    ["[1,]", 3],
    ['{"a": NaN}', 6],
    ['{"a": 1,}', 8],
    ['{"a": 1', 7],
    ["", 0],
    ["[1  x]", 4],
    ["{'a': 1}", 1],
    ['{"a": "x\ny"}', 6],
    ["{} {}", 3],
    ["[1] // x", 4],
    ["[1}", 2],
  ])("finds the mistake of %j at %i", (text, position) => {
    expect(jsonErrorPosition(text)).toBe(position);
  });

  it("agrees with JSON.parse about every cut and every change of a text", () => {
    const text = '{"a": [1, -2.5e3, "x\\n", {"b": null}], "c": true}';
    for (let index = 0; index <= text.length; index += 1) {
      for (const inserted of ["", ",", "}", '"', "\\", "0", " "]) {
        const changed = text.slice(0, index) + inserted + text.slice(index + 1);
        expect(jsonErrorPosition(changed) === undefined, changed).toBe(isJson(changed));
      }
      const cut = text.slice(0, index);
      expect(jsonErrorPosition(cut) === undefined, cut).toBe(isJson(cut));
    }
  });

  it("does not overflow on deep nesting", () => {
    expect(jsonErrorPosition("[".repeat(200_000))).toBe(200_000);
    expect(jsonErrorPosition(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toBeUndefined();
  });

  it("reads a long string without overflowing", () => {
    expect(jsonErrorPosition(JSON.stringify("x\n".repeat(400_000)))).toBeUndefined();
  });
});
