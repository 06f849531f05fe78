import { describe, expect, it } from "vitest";
import { newId, requestIdOf } from "./ids.ts";

describe("newId", () => {
  it("is a UUID of version 7 that begins with the time", () => {
    const id = newId(0x0192_3456_789a);
    expect(id).toMatch(/^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("sorts by time and does not repeat", () => {
    const ids = [1, 2, 3, 4].map((now) => newId(now));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(Array.from({ length: 1000 }, () => newId(5))).size).toBe(1000);
  });
});

describe("requestIdOf", () => {
  it.each(["abcdefgh", "A_b-1234", "x".repeat(64)])("keeps the client's %s", (offered) => {
    expect(requestIdOf(offered, 1)).toBe(offered);
  });

  it.each([
    undefined,
    "",
    "short",
    "x".repeat(65),
    "has space in it",
    "line\nbreak",
    "../../etc/passwd",
    "<script>",
  ])("replaces %j", (offered) => {
    expect(requestIdOf(offered, 1)).toMatch(/^[0-9a-f-]{36}$/);
  });
});
