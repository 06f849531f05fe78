import { type LogFields, Secret } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineWriter } from "./line-writer.ts";
import { createScrubber } from "./scrubber.ts";

const exact = 'correct "horse" battery';
const scrub = createScrubber([new Secret(exact), new Secret("plain-value-7")]);

interface Event {
  readonly inherited?: LogFields;
  readonly fields: LogFields;
  readonly message?: string;
}

function lineOf({ inherited = {}, fields, message = "m" }: Event): string {
  const lines: string[] = [];
  const writer = new LineWriter("info", { scrub, now: () => "t", write: (line) => lines.push(line) });
  writer.write({ level: "info", inherited, fields, message });
  return lines.join("\n");
}

/** The same fields in a form that is always read value by value. */
function readOneByOne(fields: LogFields): LogFields {
  return Object.assign(Object.create(null), fields);
}

describe("LineWriter", () => {
  it("writes level, time, the fields of the logger, those of the event, and the message", () => {
    expect(lineOf({ inherited: { a: "x" }, fields: { b: 1.5, c: null, d: false }, message: "done" })).toBe(
      '{"level":"info","time":"t","a":"x","b":1.5,"c":null,"d":false,"msg":"done"}',
    );
  });

  it.each<[string, Event]>([
    ["no fields", { fields: {} }],
    ["nothing but undefined", { fields: { a: undefined } }],
    ["a name twice", { inherited: { a: 1, b: 2 }, fields: { b: undefined, a: 3 } }],
    ["a name of the line's own", { fields: { level: "error", msg: "x", time: 1 } }],
    ["names that every object has", { fields: { constructor: "a", toString: "b" } }],
    ["a name that says secret", { inherited: { api_key: "k" }, fields: { password: "p", cookie: null } }],
    ["what JSON cannot say", { fields: { a: Number.NaN, b: 2n, c: Symbol("c"), d() {} } }],
    ["what says itself how it is written", { fields: { toJSON: () => ({ password: "p" }) } }],
    ["objects", { fields: { a: new Error("e"), b: [1], c: new Date(0), d: new Secret("s") } }],
    ["a long text", { fields: { a: "x".repeat(5_000) }, message: "y".repeat(5_000) }],
    ["a message that is a secret", { fields: {}, message: "Bearer 0123456789" }],
    ["an exact value in JSON's spelling", { fields: { a: exact, b: JSON.stringify(exact) } }],
    ["an exact value as a name", { fields: { "plain-value-7": 1, plain: "a plain-value-7" } }],
    ["a secret with a control in it", { fields: { a: "://user:p\u0001ss@host" } }],
  ])("writes %s as it would when reading value by value", (_, event) => {
    const { fields, inherited = {} } = event;
    expect(lineOf(event)).toBe(
      lineOf({ ...event, fields: readOneByOne(fields), inherited: readOneByOne(inherited) }),
    );
  });

  it("writes whatever fields there are as it would when reading value by value", () => {
    const piece = fc.constantFrom(
      ...["sk-0123456789", "task-list", "eyJ0eXAiOiJ.a.b", "-----BEGIN KEY-----", "://u:p@h", "Bearer "],
      ...["plain-value-7", exact, '"', "\\", "\n", "\u0001", "é", "\ud800", "AKIA0123456789AB", " ", "a"],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("")),
      fc.string(),
    );
    const name = fc.oneof(fc.constantFrom("a", "model", "secret", "msg", "__proto__"), text);
    const value = fc.oneof(text, fc.double(), fc.boolean(), fc.constantFrom(null, undefined), fc.object());
    const fields = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(fields, fields, text, (inherited, own, message) => {
        const read = { inherited: readOneByOne(inherited), fields: readOneByOne(own), message };
        expect(lineOf({ inherited, fields: own, message })).toBe(lineOf(read));
      }),
      { numRuns: 2_000 },
    );
  });

  it("loses no event to a getter that throws", () => {
    const fields = {
      get broken(): string {
        throw new Error("broken");
      },
    };
    expect(lineOf({ inherited: { a: 1 }, fields })).toContain('"unreadable":"a broken"');
  });
});
