import { describe, expect, it } from "vitest";
import { listScope, readPageToken, writePageToken } from "./page-token.ts";

const scope = listScope("keys", "default");

describe("writePageToken and readPageToken", () => {
  it.each([
    { at: 0, id: "a" },
    { at: -1, id: "" },
    { at: 1_772_366_400_123, id: "two words\nand a line" },
    { at: 8.64e15, id: "世界 🦙" },
  ])("round-trip $at $id", (position) => {
    expect(readPageToken(scope, writePageToken(scope, position))).toEqual(position);
  });

  it("make tokens that can stand in a URL as they are", () => {
    for (let at = 0; at < 500; at++) {
      const token = writePageToken(scope, { at, id: `>>>???${at}` });
      expect(encodeURIComponent(token)).toBe(token);
    }
  });

  it("take no token as the first page", () => {
    expect(readPageToken(scope, undefined)).toBeUndefined();
  });

  it("refuse every token in which a single character was changed, added or left out", () => {
    const token = writePageToken(scope, { at: 1_772_366_400_123, id: "4fZk0wQ9aBcD" });
    const changed = [...token].flatMap((character, index) => {
      const [before, after] = [token.slice(0, index), token.slice(index + 1)];
      const other = character === "A" ? "B" : "A";
      return [before + after, before + other + after, `${before}=${character}${after}`];
    });
    for (const forged of changed)
      expect(() => readPageToken(scope, forged), forged).toThrow(
        expect.objectContaining({ code: "invalid_request", field: "page_token" }),
      );
  });

  it.each([
    ["another filter", listScope("keys", "other")],
    ["no filter", listScope("keys", undefined)],
    ["another list", listScope("projects")],
    ["a filter that is spelled like two", listScope("keys", "default", "")],
  ])("refuse a token for %s", (_what, other) => {
    const token = writePageToken(scope, { at: 1, id: "a" });
    expect(() => readPageToken(other, token)).toThrow("page_token must be");
  });
});
