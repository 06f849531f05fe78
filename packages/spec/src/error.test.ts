import { describe, expect, it } from "vitest";
import { type ErrorCode, errorTable, ProxyError } from "./error.ts";

describe("errorTable", () => {
  it("keeps its codes and their forms: they are API", () => {
    const forms = Object.entries(errorTable).map(
      ([code, row]) =>
        `${code} ${row.http} ${row.grpc} ${row.openai} ${row.anthropic} ${row.retryable ? "retryable" : "final"}`,
    );
    expect(forms).toMatchInlineSnapshot(`
      [
        "invalid_request 400 INVALID_ARGUMENT invalid_request_error invalid_request_error final",
        "unauthenticated 401 UNAUTHENTICATED authentication_error authentication_error final",
        "permission_denied 403 PERMISSION_DENIED permission_error permission_error final",
        "project_inactive 403 PERMISSION_DENIED permission_error permission_error final",
        "model_not_allowed 403 PERMISSION_DENIED permission_error permission_error final",
        "origin_not_allowed 403 PERMISSION_DENIED permission_error permission_error final",
        "model_not_found 404 NOT_FOUND not_found_error not_found_error final",
        "endpoint_not_found 404 UNIMPLEMENTED not_found_error not_found_error final",
        "not_found 404 NOT_FOUND not_found_error not_found_error final",
        "method_not_allowed 405 UNIMPLEMENTED invalid_request_error invalid_request_error final",
        "conflict 409 ALREADY_EXISTS invalid_request_error invalid_request_error final",
        "too_large 413 RESOURCE_EXHAUSTED invalid_request_error request_too_large final",
        "unsupported_media_type 415 INVALID_ARGUMENT invalid_request_error invalid_request_error final",
        "idempotency_mismatch 422 FAILED_PRECONDITION invalid_request_error invalid_request_error final",
        "limit_exceeded 429 RESOURCE_EXHAUSTED rate_limit_error rate_limit_error retryable",
        "budget_exceeded 429 RESOURCE_EXHAUSTED rate_limit_error rate_limit_error final",
        "headers_too_large 431 RESOURCE_EXHAUSTED invalid_request_error invalid_request_error final",
        "canceled 499 CANCELLED invalid_request_error api_error final",
        "internal 500 INTERNAL server_error api_error retryable",
        "upstream_failed 502 UNAVAILABLE upstream_error api_error retryable",
        "upstream_auth 502 FAILED_PRECONDITION upstream_error api_error final",
        "upstream_cut 502 UNAVAILABLE upstream_error api_error retryable",
        "unavailable 503 UNAVAILABLE server_error overloaded_error retryable",
        "overloaded 503 UNAVAILABLE server_error overloaded_error retryable",
        "circuit_open 503 UNAVAILABLE server_error overloaded_error retryable",
        "deadline_exceeded 504 DEADLINE_EXCEEDED server_error timeout_error retryable",
      ]
    `);
  });

  it.each(Object.keys(errorTable) as ErrorCode[])("%s has an error status", (code) => {
    expect(errorTable[code].http).toBeGreaterThanOrEqual(400);
    expect(errorTable[code].http).toBeLessThan(600);
  });
});

describe("ProxyError", () => {
  it("carries what the caller may know and keeps the cause apart", () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.1:443");
    const error = new ProxyError("invalid_request", "messages: expected an array", {
      field: "messages",
      reason: "wrong_type",
      retryAfterMs: 1500,
      cause,
    });
    expect({ ...error, message: error.message }).toEqual({
      name: "ProxyError",
      message: "messages: expected an array",
      code: "invalid_request",
      field: "messages",
      reason: "wrong_type",
      retryAfterMs: 1500,
      vendor: undefined,
    });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error)).not.toContain("ECONNREFUSED 10.0.0.1");
  });

  it.each([
    ["invalid_request", 400, false],
    ["limit_exceeded", 429, true],
    ["budget_exceeded", 429, false],
    ["upstream_auth", 502, false],
    ["upstream_cut", 502, true],
    ["deadline_exceeded", 504, true],
  ] as const)("%s answers %i, retryable: %s", (code, status, retryable) => {
    const error = new ProxyError(code, "message");
    expect([error.status, error.retryable]).toEqual([status, retryable]);
  });

  it.each([
    [400, false],
    [404, false],
    [408, true],
    [409, true],
    [422, false],
    [429, true],
    [500, true],
    [529, true],
  ])("keeps a vendor's status %i, retryable: %s", (status, retryable) => {
    const error = new ProxyError("upstream_failed", "message", { vendor: { status } });
    expect([error.status, error.retryable]).toEqual([status, retryable]);
  });

  it.each([407, 421, 426])(
    "does not let a vendor's %i, which is about its own hop, reach the client",
    (status) => {
      expect(new ProxyError("upstream_failed", "message", { vendor: { status } }).status).toBe(502);
    },
  );

  it("answers 502 when the vendor gave no status", () => {
    expect(new ProxyError("upstream_failed", "message").status).toBe(502);
  });

  it("does not let a vendor's 401 become the client's own", () => {
    expect(new ProxyError("upstream_auth", "message", { vendor: { status: 401 } }).status).toBe(502);
  });
});

describe("ProxyError.is", () => {
  it("knows an error of another copy of this package", () => {
    const foreign = Object.defineProperty(new Error("foreign"), Symbol.for("llmproxy.error"), {
      value: true,
    });
    expect(ProxyError.is(foreign)).toBe(true);
  });

  it.each([[new Error("plain")], [undefined], [null], ["text"], [{ code: "internal" }]])(
    "refuses %s",
    (value) => {
      expect(ProxyError.is(value)).toBe(false);
    },
  );
});

describe("ProxyError.from", () => {
  it("passes a ProxyError through", () => {
    const error = new ProxyError("conflict", "the name is taken");
    expect(ProxyError.from(error)).toBe(error);
  });

  it.each([
    [new DOMException("aborted", "AbortError"), "canceled", "the request was canceled"],
    [new DOMException("too late", "TimeoutError"), "deadline_exceeded", "the deadline passed"],
    [new TypeError("x is not a function"), "internal", "internal error"],
    ["thrown text", "internal", "internal error"],
    [undefined, "internal", "internal error"],
  ] as const)("turns %s into %s with a neutral message", (reason, code, message) => {
    const error = ProxyError.from(reason);
    expect([error.code, error.message, error.cause]).toEqual([code, message, reason]);
  });
});
