import { describe, expect, it } from "vitest";
import { readHeaders } from "./upstream-headers.ts";

describe("readHeaders", () => {
  it("joins what came several times", () => {
    expect(readHeaders({ "content-type": "text/plain", via: ["1.1 a", "1.1 b"] })).toMatchObject({
      "content-type": "text/plain",
      via: "1.1 a, 1.1 b",
    });
  });

  it("has no members of its own, whatever the names", () => {
    const received = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    const headers = readHeaders(received);
    expect(Object.keys(headers)).toEqual(["__proto__", "constructor"]);
    expect(headers.toString).toBeUndefined();
  });
});
