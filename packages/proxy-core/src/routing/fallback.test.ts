import { type ErrorCode, errorTable, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { mayFallBack, tellingFailure } from "./fallback.ts";

const answered = (status: number, retryAfterMs?: number) =>
  new ProxyError("upstream_failed", `status ${status}`, {
    vendor: { status },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
const unreachable = new ProxyError("upstream_failed", "connection refused");
const timeout = new ProxyError("deadline_exceeded", "too slow");
const noWords = new ProxyError("invalid_request", "n: no words", { field: "n", reason: "untranslatable" });

describe("mayFallBack", () => {
  it.each([429, 500, 502, 503, 504, 529])("tries the next target after a vendor's %d", (status) => {
    expect(mayFallBack(answered(status))).toBe(true);
  });

  it.each([400, 402, 404, 408, 409, 413, 422])("does not after a vendor's %d", (status) => {
    expect(mayFallBack(answered(status))).toBe(false);
  });

  it("tries the next target when one could not be reached", () => {
    expect(mayFallBack(unreachable)).toBe(true);
  });

  it("tries the next target when one has no words for the request", () => {
    expect(mayFallBack(noWords)).toBe(true);
  });

  it("does for these codes and no others", () => {
    const codes = (Object.keys(errorTable) as ErrorCode[]).filter((code) =>
      mayFallBack(new ProxyError(code, "x")),
    );
    expect(codes).toEqual([
      "upstream_failed",
      "upstream_auth",
      "upstream_cut",
      "unavailable",
      "overloaded",
      "circuit_open",
      "deadline_exceeded",
    ]);
  });
});

describe("tellingFailure", () => {
  it.each([
    ["the only one", [unreachable], 0],
    ["that a dialect has no words, when nobody was asked", [noWords], 0],
    ["what somebody said who was asked", [unreachable, noWords], 0],
    ["the last, when none tells more", [unreachable, timeout], 1],
    ["a vendor's answer before a connection error", [answered(500), unreachable], 0],
    ["the last of several answers", [answered(500), answered(502), unreachable], 1],
    ["a 429 before a 5xx", [answered(429), answered(500)], 0],
    ["one that says when to come back", [answered(503, 1_000), answered(429), unreachable], 0],
    ["the soonest of those", [answered(429, 30_000), answered(503, 5_000), answered(429, 9_000)], 1],
    ["one that says to come back now", [answered(429), answered(503, 0), answered(500)], 1],
  ])("is %s", (_, failures, expected) => {
    expect(tellingFailure(failures)).toBe(failures[expected]);
  });

  it("is that there was no target, when none was tried", () => {
    expect(tellingFailure([])).toMatchObject({ code: "unavailable" });
  });
});
