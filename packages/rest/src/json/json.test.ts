import { equals, fromJson, type Message, toJson } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { JsonValue, ProxyError } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryMessage } from "../testing/arbitrary-message.ts";
import { EverythingSchema } from "../testing/everything.ts";
import { parseJson } from "./parse-json.ts";
import { readMembers } from "./read-message.ts";
import { Violations } from "./violations.ts";
import { writeMessage } from "./write-message.ts";

function read(json: JsonValue): Message {
  const violations = new Violations();
  const message = reflect(EverythingSchema);
  readMembers(message, json, "", violations);
  violations.check();
  return message.message;
}

const write = (message: Message): JsonValue => writeMessage(reflect(EverythingSchema, message));
const parse = (text: string): JsonValue => parseJson(Buffer.from(text));
const anything = arbitraryMessage(EverythingSchema);

function refusalOf(action: () => unknown): ProxyError {
  try {
    action();
  } catch (reason) {
    return reason as ProxyError;
  }
  return expect.unreachable("it was accepted");
}

describe("a message as json", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(anything, (message) => {
        const back = read(parse(JSON.stringify(write(message))));
        expect(equals(EverythingSchema, back, message)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is understood in the spelling of proto3 json", () => {
    fc.assert(
      fc.property(anything, (message) => {
        const back = read(toJson(EverythingSchema, message) as JsonValue);
        expect(equals(EverythingSchema, back, message)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is understood by protobuf-es, but for field masks, whose names it wants in camel case", () => {
    const isWanted = ({ name }: { name: string }) => name !== "mask";
    fc.assert(
      fc.property(arbitraryMessage(EverythingSchema, { isWanted }), (message) => {
        const { mask: _, ...json } = write(message) as Record<string, JsonValue>;
        const back = fromJson(EverythingSchema, json as Parameters<typeof fromJson>[1]);
        expect(equals(EverythingSchema, back, message)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("writes defaults, and leaves out what is absent", () => {
    const json = write(read({})) as Record<string, JsonValue>;
    expect(json).toMatchObject({
      text: "",
      int64_value: 0,
      flag: false,
      data: "",
      color: "COLOR_UNSPECIFIED",
      repeated_text: [],
      labels: {},
    });
    for (const absent of ["maybe_text", "maybe_color", "inner", "choice_text", "time", "string_wrapper"])
      expect(json).not.toHaveProperty(absent);
  });

  it.each([
    [{ maybe_text: "" }, "maybe_text", ""],
    [{ choice_text: "" }, "choice_text", ""],
    [{ int64_value: "9007199254740991" }, "int64_value", 9_007_199_254_740_991],
    [{ int64_value: "9007199254740993" }, "int64_value", "9007199254740993"],
    [{ uint64_value: 5 }, "uint64_value", 5],
    [{ color: 2 }, "color", "GREEN"],
    [{ color: 77 }, "color", 77],
    [{ double_value: "NaN" }, "double_value", "NaN"],
    [{ double_value: "-Infinity" }, "double_value", "-Infinity"],
    [{ float_value: "1.5" }, "float_value", 1.5],
    [{ data: "-_-_" }, "data", "+/+/"],
    [{ data: "YQ" }, "data", "YQ=="],
    [{ time: "2026-01-31T13:00:00+01:00" }, "time", "2026-01-31T12:00:00Z"],
    [{ duration: "1.5s" }, "duration", "1.500s"],
    [{ mask: "allowedModels,name" }, "mask", "allowed_models,name"],
    [{ mask: "allowed_models,key.name" }, "mask", "allowed_models,key.name"],
    [{ mask: "" }, "mask", ""],
    [{ bool_wrapper: false }, "bool_wrapper", false],
    [{ int64_wrapper: "5" }, "int64_wrapper", 5],
    [{ any_json: null }, "any_json", null],
    [{ labels: { __proto__x: "a" } }, "labels", { __proto__x: "a" }],
    [
      { innersByNumber: { "-1": { text: "a" } } },
      "inners_by_number",
      { "-1": { text: "a", long: 0, texts: [] } },
    ],
  ])("%j has %s %j", (json, name, expected) => {
    expect((write(read(json)) as Record<string, JsonValue>)[name]).toEqual(expected);
  });

  it("takes null for absence", () => {
    const nothing = Object.fromEntries(EverythingSchema.fields.map(({ name }) => [name, null]));
    const { any_json: _, ...json } = nothing;
    expect(write(read(json))).toEqual(write(read({})));
  });

  it("keeps members named like parts of a prototype out of the prototype", () => {
    const message = read(parse('{"labels":{"__proto__":"a","constructor":"b"}}'));
    const { labels } = write(message) as Record<string, JsonValue>;
    expect(JSON.stringify(labels)).toBe('{"__proto__":"a","constructor":"b"}');
    expect(refusalOf(() => read(parse('{"__proto__":{"text":"x"}}'))).message).toBe(
      "__proto__: unknown field",
    );
  });
});

describe("what is wrong with json", () => {
  it.each<[JsonValue, string, string]>([
    [[], "", "body: expected an object"],
    [{ text: 1 }, "text", "text: expected a string"],
    [{ text: "\ud800" }, "text", "text: expected a string"],
    [{ texts: [] }, "texts", "texts: unknown field; did you mean text?"],
    [{ repeated_tex: [] }, "repeated_tex", "repeated_tex: unknown field; did you mean repeated_text?"],
    [{ repeatedText: ["a", "b", 3] }, "repeatedText[2]", "repeatedText[2]: expected a string"],
    [{ repeated_text: "a" }, "repeated_text", "repeated_text: expected an array"],
    [{ repeated_text: [null] }, "repeated_text[0]", "repeated_text[0]: expected a string"],
    [
      { inner: { inner: { long: true } } },
      "inner.inner.long",
      "inner.inner.long: expected an integer of 64 bits, as a string where it is beyond 2^53",
    ],
    [{ inners: [{}, { txt: "" }] }, "inners[1].txt", "inners[1].txt: unknown field; did you mean text?"],
    [{ inners: [null] }, "inners[0]", "inners[0]: expected an object"],
    [{ labels: { a: 1 } }, "labels.a", "labels.a: expected a string"],
    [{ labels: { "a b": 1 } }, 'labels["a b"]', 'labels["a b"]: expected a string'],
    [{ labels: [] }, "labels", "labels: expected an object"],
    [{ longs_by_flag: { yes: 1 } }, "longs_by_flag.yes", "longs_by_flag.yes: expected true or false as name"],
    [{ int32_value: 1.5 }, "int32_value", "int32_value: expected an integer of 32 bits"],
    [{ int32_value: 2 ** 31 }, "int32_value", "int32_value: expected an integer of 32 bits"],
    [{ int32_value: "" }, "int32_value", "int32_value: expected an integer of 32 bits"],
    [
      { uint32_value: -1 },
      "uint32_value",
      "uint32_value: expected an integer of 32 bits that is not negative",
    ],
    [
      { int64_value: 2 ** 53 },
      "int64_value",
      "int64_value: expected an integer of 64 bits, as a string where it is beyond 2^53",
    ],
    [
      { uint64_value: "18446744073709551616" },
      "uint64_value",
      "uint64_value: expected an integer of 64 bits that is not negative, as a string where it is beyond 2^53",
    ],
    [{ flag: "true" }, "flag", "flag: expected true or false"],
    [{ double_value: "1,5" }, "double_value", "double_value: expected a number"],
    [{ float_value: 1e39 }, "float_value", "float_value: expected a number"],
    [{ data: "a" }, "data", "data: expected base64"],
    [{ data: "a b=" }, "data", "data: expected base64"],
    [{ color: "BLUE" }, "color", "color: expected one of COLOR_UNSPECIFIED, RED, GREEN"],
    [{ color: 1.5 }, "color", "color: expected one of COLOR_UNSPECIFIED, RED, GREEN"],
    [{ time: "yesterday" }, "time", "time: expected a time such as 2026-01-31T12:00:00Z (RFC 3339)"],
    [{ duration: 5 }, "duration", "duration: expected seconds such as 1.5s"],
    [{ mask: "a b" }, "mask", "mask: expected names of fields, separated by commas"],
    [{ struct: 1 }, "struct", "struct: expected an object"],
    [{ list_json: {} }, "list_json", "list_json: expected an array"],
    [{ int32_wrapper: "x" }, "int32_wrapper", "int32_wrapper: expected an integer of 32 bits"],
    [
      { choice_text: "a", choice_number: 1 },
      "choice_number",
      "choice_number: expected only one of choice_text, choice_number, choice_inner",
    ],
    [{ maybe_text: "a", maybeText: "b" }, "maybeText", "maybeText: given twice"],
  ])("%j is refused at %s", (json, field, message) => {
    expect(refusalOf(() => read(json))).toMatchObject({
      code: "invalid_request",
      field: field === "" ? undefined : field,
      message,
    });
  });

  it("is told all at once, and no more than a reader can use", () => {
    expect(refusalOf(() => read({ text: 1, flag: 2, colour: 3 })).message).toBe(
      "text: expected a string; flag: expected true or false; colour: unknown field; did you mean color?",
    );
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    expect(refusalOf(() => read(many)).message.split("; ")).toHaveLength(16);
  });

  it("repeats no more of a name than tells which is meant", () => {
    const { message } = refusalOf(() => read({ ["x".repeat(10_000)]: 1 }));
    expect(message.length).toBeLessThan(120);
  });
});

describe("parseJson", () => {
  it.each([
    ['{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['\ufeff{"a":1}', { a: 1 }],
    ['"[[[\\"{{{"', '[[["{{{'],
    ["[".repeat(64) + "]".repeat(64), JSON.parse("[".repeat(64) + "]".repeat(64))],
  ])("reads %s", (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each([
    ["{", "body: malformed json"],
    ['{"secret": hunter2}', "body: malformed json"],
    ["[".repeat(65), "body: expected no more than 64 arrays and objects in one another"],
    [`[${"1,".repeat(200_000)}1]`, "body: expected no more than 200000 members and elements"],
  ])("refuses %s", (text, message) => {
    const error = refusalOf(() => parse(text));
    expect(error.code).toBe("invalid_request");
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("hunter2");
  });

  it("refuses what is not utf-8", () => {
    expect(refusalOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).message).toBe(
      "body: expected utf-8 text",
    );
  });

  it("reads any json, and refuses anything else by name", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        try {
          parseJson(bytes);
        } catch (reason) {
          expect(reason).toMatchObject({ code: "invalid_request" });
        }
      }),
    );
  });
});
