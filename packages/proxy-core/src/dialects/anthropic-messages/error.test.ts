import { APIError } from "@anthropic-ai/sdk";
import { type ErrorCode, errorTable, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../sse/events.ts";
import { readError, writeError, writeErrorFrame } from "./error.ts";

const failed = (status: number, type?: string): ProxyError =>
  new ProxyError("upstream_failed", "no", { vendor: { status, ...(type === undefined ? {} : { type }) } });

/** The error the official client makes of ours. */
const thrown = (error: ProxyError): APIError =>
  APIError.generate(error.status, writeError(error), undefined, new Headers());

describe("readError", () => {
  it.each([
    [400, "invalid_request_error"],
    [402, "billing_error"],
    [413, "request_too_large"],
    [429, "rate_limit_error"],
    [500, "api_error"],
    [529, "overloaded_error"],
  ])("reads what the vendor says with a status of %i", (status, type) => {
    const body = { type: "error", error: { type, message: "what is wrong" }, request_id: "req_1" };
    expect(readError(status, Buffer.from(JSON.stringify(body)))).toMatchObject({
      code: "upstream_failed",
      message: "what is wrong",
      status,
      vendor: { status, type },
    });
  });

  it("reads the finer code", () => {
    const error = { type: "rate_limit_error", message: "no", details: { error_code: "ramp_limit_exceeded" } };
    expect(readError(429, Buffer.from(JSON.stringify({ type: "error", error }))).vendor).toEqual({
      status: 429,
      type: "rate_limit_error",
      code: "ramp_limit_exceeded",
    });
  });

  it.each([401, 403])("keeps to itself what is said about our credentials with %i", (status) => {
    const body = JSON.stringify({ type: "error", error: { type: "x", message: "invalid x-api-key" } });
    const error = readError(status, Buffer.from(body));
    expect(error.code).toBe("upstream_auth");
    expect(error.message).not.toContain("x-api-key");
  });

  it.each(["", "<html>", "{", "[]", "null"])("never throws: %j", (body) => {
    expect(readError(500, Buffer.from(body))).toMatchObject({ code: "upstream_failed" });
  });
});

describe("writeError", () => {
  it.each(Object.keys(errorTable) as ErrorCode[])("writes %s as the official client reads it", (code) => {
    const error = thrown(new ProxyError(code, "what is wrong"));
    expect(error).toMatchObject({
      status: errorTable[code].http,
      type: errorTable[code].anthropic,
      apiMessage: "what is wrong",
      errorCode: code,
    });
  });

  it.each([
    // What Anthropic says stays.
    [400, "invalid_request_error", "invalid_request_error"],
    [402, "billing_error", "billing_error"],
    [409, "memory_path_conflict_error", "memory_path_conflict_error"],
    [529, "overloaded_error", "overloaded_error"],
    // What others say becomes what Anthropic says with that status.
    [400, undefined, "invalid_request_error"],
    [404, "invalid_request_error", "not_found_error"],
    [408, undefined, "timeout_error"],
    [409, undefined, "conflict_error"],
    [413, "invalid_request_error", "request_too_large"],
    [422, "invalid_request_error", "invalid_request_error"],
    [429, "insufficient_quota", "rate_limit_error"],
    [500, "server_error", "api_error"],
    [502, undefined, "api_error"],
    [503, "server_error", "overloaded_error"],
    [504, undefined, "timeout_error"],
    [421, undefined, "api_error"],
  ])("answers a vendor's %i %s with %s", (status, type, expected) => {
    expect(thrown(failed(status, type)).type).toBe(expected);
  });

  it("tells the field, and the reason unless somebody tries keys", () => {
    expect(writeError(new ProxyError("invalid_request", "no", { field: "max_tokens", reason: "x" }))).toEqual(
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "no",
          details: { error_code: "invalid_request", field: "max_tokens", reason: "x" },
        },
      },
    );
    expect(writeError(new ProxyError("unauthenticated", "no", { reason: "x" }))).not.toMatchObject({
      error: { details: { reason: "x" } },
    });
  });
});

describe("writeErrorFrame", () => {
  it("writes an event named error", () => {
    const error = failed(529, "overloaded_error");
    const [event, ...others] = readEvents(Buffer.from(writeErrorFrame(error)));
    expect(others).toEqual([]);
    expect(event?.event).toBe("error");
    expect(JSON.parse(event?.data ?? "")).toEqual(writeError(error));
  });
});
