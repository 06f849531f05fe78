import { describe, expect, it } from "vitest";
import { requestIdOf } from "./request-id.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("requestIdOf", () => {
  it.each(["12345678", "a-request_id", "x".repeat(64)])("takes %j", (id) => {
    expect(requestIdOf(id)).toBe(id);
  });

  it.each([
    null,
    "",
    "1234567",
    "x".repeat(65),
    "with blank",
    "twice-once, twice-again",
    "new\nline-",
    "ünïcödé-id",
  ])("makes a UUID instead of %j", (offered) => {
    expect(requestIdOf(offered)).toMatch(uuid);
  });

  it("makes another one each time", () => {
    expect(requestIdOf(null)).not.toBe(requestIdOf(null));
  });
});
