import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { cancelOutcome, failureOutcome } from "./reply-outcome.ts";

const codes = [
  "canceled",
  "deadline_exceeded",
  "upstream_cut",
  "upstream_failed",
  "unavailable",
  "internal",
] as const;

describe("failureOutcome", () => {
  it("tells a cut, a timeout and a cancellation from other failures", () => {
    expect(codes.map((code) => failureOutcome(new ProxyError(code, "x")))).toEqual([
      "canceled",
      "timed-out",
      "upstream-cut",
      "failed",
      "failed",
      "failed",
    ]);
  });
});

describe("cancelOutcome", () => {
  it("is a cancellation when the client leaves or the server shuts down, else what the reason says", () => {
    expect(codes.map((code) => cancelOutcome(new ProxyError(code, "x")))).toEqual([
      "canceled",
      "timed-out",
      "upstream-cut",
      "failed",
      "canceled",
      "failed",
    ]);
  });
});
