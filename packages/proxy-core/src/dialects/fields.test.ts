import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { expected, Fields } from "./fields.ts";

const json: JsonObject = {
  text: "a",
  empty: "",
  count: 3,
  half: 0.5,
  yes: true,
  nothing: null,
  list: [1],
  inner: { a: 1 },
};
const fields = new Fields(json, "outer");

describe("expected", () => {
  it("names the field and what would be right", () => {
    expect(expected("a.b", "a number")).toMatchObject({
      code: "invalid_request",
      field: "a.b",
      message: "a.b: expected a number",
    });
  });
});

describe("Fields", () => {
  it("reads members of the right type", () => {
    expect(fields.string("text")).toBe("a");
    expect(fields.requiredString("empty")).toBe("");
    expect(fields.requiredText("text")).toBe("a");
    expect(fields.number("half")).toBe(0.5);
    expect(fields.integer("count", { min: 3, max: 3 })).toBe(3);
    expect(fields.boolean("yes")).toBe(true);
    expect(fields.array("list")).toEqual([1]);
    expect(fields.object("inner")?.json).toEqual({ a: 1 });
    expect(fields.requiredObject("inner").path("a")).toBe("outer.inner.a");
  });

  it.each(["nothing", "absent"])("reads nothing where the member is %s", (name) => {
    const read = [
      fields.string(name),
      fields.number(name),
      fields.integer(name),
      fields.boolean(name),
      fields.array(name),
      fields.object(name),
    ];
    expect(read).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it.each<[string, () => unknown, string]>([
    ["count", () => fields.string("count"), "a string"],
    ["nothing", () => fields.requiredString("nothing"), "a string"],
    ["empty", () => fields.requiredText("empty"), "a non-empty string"],
    ["text", () => fields.number("text"), "a number"],
    ["half", () => fields.integer("half"), "an integer"],
    ["count", () => fields.integer("count", { min: 4 }), "an integer of at least 4"],
    ["count", () => fields.integer("count", { max: 2 }), "an integer of at most 2"],
    ["count", () => fields.integer("count", { min: 1, max: 2 }), "an integer from 1 to 2"],
    ["text", () => fields.boolean("text"), "true or false"],
    ["inner", () => fields.array("inner"), "an array"],
    ["list", () => fields.object("list"), "an object"],
    ["absent", () => fields.requiredObject("absent"), "an object"],
  ])("says of %s what would be right (%#)", (name, read, what) => {
    expect(read).toThrow(
      expect.objectContaining({ field: `outer.${name}`, message: `outer.${name}: expected ${what}` }),
    );
  });

  it("names members of the request itself without a path before them", () => {
    expect(new Fields({}, "").path("model")).toBe("model");
  });

  it("reads elements of arrays that are objects", () => {
    expect(Fields.of({ a: 1 }, "list[0]").path("a")).toBe("list[0].a");
    expect(() => Fields.of([], "list[0]")).toThrow("list[0]: expected an object");
  });
});
