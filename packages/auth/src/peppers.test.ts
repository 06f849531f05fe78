import { createHmac } from "node:crypto";
import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createPeppers } from "./peppers.ts";

const first = { id: "2026", secret: new Secret("a".repeat(32)) };
const second = { id: "2025", secret: new Secret("b".repeat(32)) };

describe("createPeppers", () => {
  it("hashes with HMAC-SHA256 under the pepper asked for", () => {
    const peppers = createPeppers([first, second]);
    const expected = createHmac("sha256", "b".repeat(32)).update("text").digest();
    expect(Buffer.from(peppers.hash("text", "2025"))).toEqual(expected);
  });

  it("takes the first pepper as the current one", () => {
    const peppers = createPeppers([first, second]);
    expect(peppers.currentId).toBe("2026");
    expect(peppers.hash("text")).toEqual(peppers.hash("text", "2026"));
    expect(peppers.hash("text")).not.toEqual(peppers.hash("text", "2025"));
  });

  it("knows which peppers it has, and hashes with the current one in place of others", () => {
    const peppers = createPeppers([first, second]);
    expect([peppers.has("2026"), peppers.has("2025"), peppers.has("2024")]).toEqual([true, true, false]);
    expect(peppers.hash("text", "2024")).toEqual(peppers.hash("text"));
  });

  it("counts bytes, not characters", () => {
    expect(() => createPeppers([{ id: "x", secret: new Secret("ä".repeat(16)) }])).not.toThrow();
  });

  it.each([
    ["none at all", [], "peppers"],
    ["31 bytes", [{ id: "x", secret: new Secret("a".repeat(31)) }], "peppers[0].secret"],
    ["a short older one", [first, { id: "x", secret: new Secret("") }], "peppers[1].secret"],
    ["one id twice", [first, { ...second, id: "2026" }], "peppers[1].id"],
  ])("refuses %s, naming the field", (_, options, field) => {
    expect(() => createPeppers(options)).toThrow(expect.objectContaining({ code: "invalid_request", field }));
  });

  it("does not show a secret when it refuses one", () => {
    expect(() => createPeppers([{ id: "x", secret: new Secret("hunter2") }])).not.toThrow("hunter2");
  });
});
