import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { LlmProxyError } from "../error.ts";
import { proxyError } from "../testing/error-details.ts";
import { readFailure } from "./failure.ts";

/** An error as Node makes it. */
const nodeError = (code: string): Error => Object.assign(new Error(`${code} happened`), { code });

/** A failure as a transport reports what lies underneath. */
const reported = (status: Code, cause?: unknown): ConnectError =>
  new ConnectError("broken", status, undefined, undefined, cause);

describe("readFailure", () => {
  it.each<[string, unknown, string, string, boolean]>([
    [
      "a connection nobody accepts",
      reported(Code.Unavailable, nodeError("ECONNREFUSED")),
      "unavailable",
      "unreachable",
      true,
    ],
    [
      "a name nobody has",
      reported(Code.Unavailable, nodeError("ENOTFOUND")),
      "unavailable",
      "unreachable",
      true,
    ],
    [
      "several addresses of which none answers",
      reported(Code.Unavailable, new AggregateError([nodeError("ECONNREFUSED"), nodeError("EHOSTUNREACH")])),
      "unavailable",
      "unreachable",
      true,
    ],
    [
      "a connection that is reset",
      reported(Code.Aborted, nodeError("ECONNRESET")),
      "unavailable",
      "lost",
      true,
    ],
    ["a stream somebody else cancels", reported(Code.Canceled), "unavailable", "lost", true],
    [
      "a transport that gives up",
      reported(Code.Internal, nodeError("ERR_HTTP2_SESSION_ERROR")),
      "unavailable",
      "lost",
      true,
    ],
    ["fetch that fails", ConnectError.from(new TypeError("Failed to fetch")), "unavailable", "lost", true],
    ["a balancer without servers", reported(Code.Unavailable), "unavailable", "lost", true],
    ["a protocol error", reported(Code.Internal), "internal", "answered", false],
    ["an overloaded server", proxyError(Code.Unavailable, "overloaded"), "overloaded", "refused", true],
    ["a server that stops", proxyError(Code.Unavailable, "unavailable"), "unavailable", "lost", true],
    ["a limit", proxyError(Code.ResourceExhausted, "limit_exceeded"), "limit_exceeded", "refused", false],
    ["a budget", proxyError(Code.ResourceExhausted, "budget_exceeded"), "budget_exceeded", "answered", false],
    ["a failing vendor", proxyError(Code.Unavailable, "upstream_failed"), "upstream_failed", "lost", false],
    ["a code of the future", proxyError(Code.Unavailable, "asleep"), "asleep", "answered", false],
    [
      "something thrown here",
      new LlmProxyError("unauthenticated", "no"),
      "unauthenticated",
      "answered",
      false,
    ],
  ])("reads %s", (_what, reason, code, kind, isOfServer) => {
    const failure = readFailure(reason, "id");
    expect({ ...failure, error: failure.error.code }).toEqual({ error: code, kind, isOfServer });
  });

  it.each<[Record<string, string>, number | undefined]>([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, undefined],
    [{ "retry-after": "-1" }, undefined],
    [{}, undefined],
  ])("reads how long to wait from %o", (metadata, retryAfterMs) => {
    const { error } = readFailure(new ConnectError("x", Code.ResourceExhausted, metadata), "id");
    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  it("believes a server that says that no retry can help", () => {
    const reason = proxyError(Code.Unavailable, "upstream_failed");
    reason.metadata.set("x-should-retry", "false");
    expect(readFailure(reason, "id").kind).toBe("answered");
  });

  it("believes details before headers", () => {
    const reason = proxyError(Code.ResourceExhausted, "limit_exceeded", { retryAfterMs: 250 });
    reason.metadata.set("retry-after", "1");
    expect(readFailure(reason, "id").error.retryAfterMs).toBe(250);
  });

  it("does not take another's details for ours", () => {
    const reason = proxyError(Code.PermissionDenied, "model_not_allowed");
    const [detail] = reason.details;
    if (detail && "value" in detail) Object.assign(detail.value, { domain: "example.com" });
    expect(readFailure(reason, "id").error.code).toBe("permission_denied");
  });

  it("ends where causes go round in circles", () => {
    const circle = new Error("a");
    circle.cause = new Error("b", { cause: circle });
    expect(readFailure(reported(Code.Internal, circle), "id").error.code).toBe("internal");
  });
});

describe("LlmProxyError", () => {
  it("is known as such across copies of the package", () => {
    expect(LlmProxyError.is(new LlmProxyError("internal", "x"))).toBe(true);
    expect([LlmProxyError.is(new Error("x")), LlmProxyError.is(null), LlmProxyError.is("x")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
