import { ProxyError } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJson } from "./scan.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** The source text of each top-level value. */
function values(text: string): Record<string, string> {
  const buffer = Buffer.from(text);
  return Object.fromEntries(
    [...scanJson(buffer).members].map(([name, { start, end }]) => [
      name,
      buffer.toString("utf8", start, end),
    ]),
  );
}

function failure(text: string, limits?: Parameters<typeof scanJson>[1]): ProxyError {
  try {
    scanJson(bytes(text), limits);
  } catch (error) {
    if (ProxyError.is(error)) return error;
    throw error;
  }
  throw new Error("expected the scan to fail");
}

describe("scanJson", () => {
  it.each([
    ["{}", {}],
    ['{"model":"gpt"}', { model: '"gpt"' }],
    [' \t\r\n{ "a" : 1 , "b" :\n[ 1, 2 ] } \n', { a: "1", b: "[ 1, 2 ]" }],
    ['{"a":{"model":"inner"},"model":"outer"}', { a: '{"model":"inner"}', model: '"outer"' }],
    [
      '{"seed":9007199254740993,"t":-1.5e+3,"y":true,"n":false,"z":null}',
      { seed: "9007199254740993", t: "-1.5e+3", y: "true", n: "false", z: "null" },
    ],
    ['{"a":"quote \\" brace } comma , colon :","b":1}', { a: '"quote \\" brace } comma , colon :"', b: "1" }],
    ['{"a":"ends in a backslash \\\\","b":1}', { a: '"ends in a backslash \\\\"', b: "1" }],
    ['{"mod\\u0065l":"x"}', { model: '"x"' }],
    ['{"clé":"é","😀":"\\ud83d"}', { clé: '"é"', "😀": '"\\ud83d"' }],
  ])("finds the top-level values of %s", (text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  it("takes a member named __proto__ for a member", () => {
    expect([...scanJson(bytes('{"__proto__":{"polluted":true}}')).members.keys()]).toEqual(["__proto__"]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it.each([60, 63, 64, 65, 66, 200])(
    "finds the end of a string of %i characters before an escape",
    (length) => {
      for (const escaped of ['\\"', "\\\\", '\\\\\\"', "\\n"]) {
        const text = `"${"x".repeat(length)}${escaped}${"y".repeat(length)}"`;
        expect(values(`{"a":${text},"b":2}`)).toEqual({ a: text, b: "2" });
      }
    },
  );

  it("counts depth, members and elements", () => {
    expect(scanJson(bytes('{"a":[{"b":{"c":1,"d":2}}]}'))).toMatchObject({ depth: 4, totalValues: 5 });
    expect(scanJson(bytes('{"a":[1,[],"x"],"b":{}}'))).toMatchObject({ depth: 3, totalValues: 5 });
  });

  it.each([
    ["[1]", "at line 1, column 1: expected a json object"],
    ["", "at line 1, column 1: expected a json object"],
    ["\uFEFF{}", "at line 1, column 1: expected a json object"],
    ['"text"', "at line 1, column 1: expected a json object"],
    ['{"a":tru}', "at line 1, column 6: expected a json value"],
    ['{"a":NaN}', "at line 1, column 6: expected a json value"],
    ["{'a':1}", "at line 1, column 2: expected a member name in double quotes"],
    ['{"a" 1}', 'at line 1, column 6: expected ":"'],
    ['{"a":1 "b":2}', 'at line 1, column 8: expected "," or "}"'],
    ['{"a":1,}', "at line 1, column 8: expected a member name in double quotes"],
    ['{"a":[1,]}', "at line 1, column 9: expected a json value"],
    ['{"a":[1 2]}', 'at line 1, column 9: expected "," or "]"'],
    ['{"a":1} {"b":2}', "at line 1, column 9: expected the end of the text"],
    ['{"a":"open', "at line 1, column 11: expected the end of a string"],
    ['{"a":"open\\', "at line 1, column 12: expected the end of a string"],
    ['{"\\x":1}', "at line 1, column 2: expected a member name"],
    ['{\n  "a": 1,\n  b: 2\n}', "at line 3, column 3: expected a member name in double quotes"],
  ])("refuses %j and says where", (text, message) => {
    expect(failure(text)).toMatchObject({ code: "invalid_request", message: `malformed json ${message}` });
  });

  it.each(["model", "mod\\u0065l"])("refuses a second top-level member spelled %s and names it", (name) => {
    expect(failure(`{"model":"a","${name}":"b"}`)).toMatchObject({
      code: "invalid_request",
      field: "model",
      message: "model: expected to be given once",
    });
  });

  it("leaves members given twice further down to the parser", () => {
    expect(values('{"a":{"b":1,"b":2}}')).toEqual({ a: '{"b":1,"b":2}' });
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("accepts 64 levels of %s and refuses 65, however many there are", (_, open, close) => {
    const nested = (levels: number): string =>
      `{"v":${open.repeat(levels)}${open === "[" ? "" : "1"}${close.repeat(levels)}}`;
    expect(scanJson(bytes(nested(63))).depth).toBe(64);
    for (const levels of [64, 10_000, 1_000_000])
      expect(failure(nested(levels)).message).toContain("expected at most 64 levels of json at line 1");
  });

  it("refuses more members than the limits allow", () => {
    const limits = { maxDepth: 8, maxMembers: 3, maxTotalValues: 5 };
    expect(scanJson(bytes('{"a":1,"b":{"c":1,"d":2,"e":3}}'), limits).totalValues).toBe(5);
    expect(failure('{"a":1,"b":1,"c":1,"d":1}', limits).message).toContain(
      "at most 3 members in one json object",
    );
    expect(failure('{"a":{"b":1,"c":1},"d":{"e":1,"f":1}}', limits).message).toContain(
      "at most 5 json members and elements",
    );
  });

  it("accepts long arrays of numbers and refuses longer ones, whatever is in them", () => {
    const array = (element: string, count: number): string =>
      `{"input":[${Array(count).fill(element).join()}]}`;
    expect(scanJson(bytes(array("0.125", 199_999))).totalValues).toBe(200_000);
    for (const element of ["{}", "[]", "0", '""', "null"])
      expect(failure(array(element, 200_000))).toMatchObject({
        code: "invalid_request",
        message: "expected at most 200000 json members and elements in all",
      });
  });

  it("stops at the limit, however much follows", () => {
    expect(failure(`{"x":[${"{},".repeat(1_000_000)}`).message).toContain("at most 200000");
  });

  it.each([
    ["x".repeat(128), "x".repeat(128)],
    ["x".repeat(129), `${"x".repeat(128)}…`],
    ["x".repeat(1_000_000), `${"x".repeat(128)}…`],
    [`${"x".repeat(127)}😀`, `${"x".repeat(127)}…`],
  ])("names members by at most 128 characters, case %#", (name, shown) => {
    expect(failure(`{"${name}":1,"${name}":2}`)).toMatchObject({
      field: shown,
      message: `${shown}: expected to be given once`,
    });
  });

  it("accepts whatever JSON.stringify writes, and finds its values", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.nat(3), (object, indent) => {
        const found = values(JSON.stringify(object, undefined, indent));
        const parsed = Object.entries(found).map(([name, text]) => [name, JSON.parse(text)]);
        expect(Object.fromEntries(parsed)).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it("never accepts what JSON.parse refuses for its structure", () => {
    const token = fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "true", "null", " ");
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = `{${tokens.join("")}}`;
        let accepted = true;
        try {
          scanJson(bytes(text));
        } catch {
          accepted = false;
        }
        if (accepted) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it("scans 8 MiB of escaped quotes in linear time", () => {
    const text = `{"a":${JSON.stringify('"'.repeat(4 * 1024 * 1024))},"b":1}`;
    expect(values(text).b).toBe("1");
  });
});
