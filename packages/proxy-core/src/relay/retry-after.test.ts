import { describe, expect, it } from "vitest";
import { readRetryAfter } from "./retry-after.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");

describe("readRetryAfter", () => {
  it.each([
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "20" }, 20_000],
    [{ "retry-after": "1.5" }, 1_500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Thursday, 01-Jan-26 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Wed, 31 Dec 2025 23:00:00 GMT" }, 0],
    [{ "retry-after": "999999999" }, 86_400_000],
    [{ "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" }, 86_400_000],
    [{ "retry-after-ms": "250" }, 250],
    [{ "retry-after-ms": "249.2" }, 250],
    [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
    [{ "retry-after-ms": "soon", "retry-after": "1" }, 1_000],
  ])("reads %j as %d ms", (headers, expected) => {
    expect(readRetryAfter(headers, nowMs)).toBe(expected);
  });

  it.each([
    {},
    { "retry-after": "" },
    { "retry-after": "-1" },
    { "retry-after": "1e3" },
    { "retry-after": "soon" },
    { "retry-after": "2026-01-01T00:00:30Z" },
    { "retry-after": "Thu, 99 Foo 2026" },
    { "retry-after": "9".repeat(400) },
    { "retry-after-ms": "NaN" },
  ])("finds nothing in %j", (headers) => {
    expect(readRetryAfter(headers, nowMs)).toBeUndefined();
  });
});
