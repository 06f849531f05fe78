import { type ErrorCode, errorTable, ProxyError, type VendorError } from "@llmproxy/spec";
import { loadRecording } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../sse/events.ts";
import { readError, writeError, writeErrorFrame } from "./error.ts";

const read = (status: number, body: unknown): ProxyError =>
  readError(status, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));

describe("readError", () => {
  it("reads a recorded error, to be written back as it was", () => {
    const { json } = loadRecording("openai-chat", "unary", "reasoning-model-legacy-parameter-error");
    const error = read(400, json);
    expect(error).toMatchObject({
      code: "upstream_failed",
      status: 400,
      retryable: false,
      vendor: {
        status: 400,
        type: "invalid_request_error",
        code: "unsupported_parameter",
        param: "max_tokens",
      },
    });
    expect(writeError(error)).toEqual(JSON.parse(json));
  });

  it.each<[string, unknown, string, Partial<VendorError>]>([
    [
      "OpenAI's form",
      { error: { message: "m", type: "t", param: "p", code: "c" } },
      "m",
      { type: "t", param: "p", code: "c" },
    ],
    [
      "OpenAI's form with nulls",
      { error: { message: "m", type: "t", param: null, code: null } },
      "m",
      { type: "t" },
    ],
    ["a code that is a number", { error: { message: "m", code: 1301 } }, "m", { code: 1301 }],
    ["an error that is a text", { error: "m" }, "m", {}],
    [
      "Mistral's form",
      { object: "error", message: "m", type: "invalid", param: null, code: "1500" },
      "m",
      { type: "invalid", code: "1500" },
    ],
    ["FastAPI's form", { detail: "m" }, "m", {}],
    [
      "FastAPI's list",
      { detail: [{ loc: ["body"], msg: "field required" }] },
      '[{"loc":["body"],"msg":"field required"}]',
      {},
    ],
    [
      "Google's list",
      [{ error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED" } }],
      "m",
      { code: 429 },
    ],
    ["a text", "upstream connect error", "upstream connect error", {}],
    ["a JSON text", '"m"', "m", {}],
    ["a page", "<!DOCTYPE html><h1>502</h1>", "the provider answered with status 500", {}],
    ["nothing", "", "the provider answered with status 500", {}],
    ["an empty object", {}, "the provider answered with status 500", {}],
    ["a number", "7", "the provider answered with status 500", {}],
    ["null", "null", "the provider answered with status 500", {}],
    ["an empty list", "[]", "the provider answered with status 500", {}],
    ["an error that is null", { error: null, message: "m" }, "m", {}],
    [
      "a message that is an object",
      { error: { message: { a: 1 } } },
      "the provider answered with status 500",
      {},
    ],
  ])("reads %s", (_, body, message, vendor) => {
    const error = read(500, body);
    expect(error).toMatchObject({ code: "upstream_failed", message });
    expect(error.vendor).toEqual({ status: 500, ...vendor });
  });

  it.each([401, 403])("says of a %i nothing but that our credentials were refused", (status) => {
    const error = read(status, {
      error: { message: "Incorrect API key provided: sk-abcdefgh", code: "invalid_api_key" },
    });
    expect(error).toMatchObject({
      code: "upstream_auth",
      status: 502,
      retryable: false,
      message: "the provider refused the credentials it is configured with",
    });
    expect(JSON.stringify(writeError(error))).not.toContain("invalid_api_key");
  });

  it.each([
    [200, 502],
    [302, 502],
    [0, 502],
    [600, 502],
    [Number.NaN, 502],
    [404, 404],
    [429, 429],
    [503, 503],
  ])("takes status %d for %d", (status, expected) => {
    expect(read(status, "").status).toBe(expected);
  });

  it.each([
    "sk-llp-v-0123456789ab-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS",
    "sk-abcdefghijklmnop",
    "sk-abc***************wxyz",
    "sk-ant-api03-abcdefghijklmnop_-x",
    "sk-proj-abcdefghijklmnop",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk",
    "Bearer abcdef0123456789",
    "bearer ABC.def~ghi+jkl/mno=",
  ])("takes %s out of every text", (secret) => {
    const error = read(400, {
      error: { message: `key ${secret} is bad`, type: secret, code: secret, param: secret },
    });
    const value = secret.replace(/^bearer /i, "");
    const text = JSON.stringify([error.message, error.vendor, writeError(error)]);
    expect(text).not.toContain(value);
    expect(error.message).toContain("[secret]");
  });

  it("cuts long texts at the end of a word, so that no half of a secret is left", () => {
    const secret = "0123456789abcdef".repeat(8);
    for (let length = 860; length <= 1_010; length += 10) {
      const error = read(500, {
        error: { message: `${"x".repeat(length)} ${secret} and more ${"y".repeat(2_000)}` },
      });
      expect(error.message.length).toBeLessThanOrEqual(1_024);
      expect(error.message.includes("01234567")).toBe(error.message.includes(secret));
    }
    expect(read(500, "z".repeat(100_000)).message.length).toBeLessThanOrEqual(1_024);
  });

  it("reads no more of a large answer than it must", () => {
    expect(read(500, { error: { message: "x".repeat(10_000_000) } }).message.length).toBeLessThanOrEqual(
      1_024,
    );
  });

  it("writes no line ends or control characters into messages", () => {
    expect(read(400, { error: { message: "a\r\nlevel=fatal\u001b[31m\u2028b\u202ec" } }).message).toBe(
      "a level=fatal [31m b c",
    );
  });

  it("never throws, whatever the bytes are", () => {
    for (const bytes of [[0xff, 0xfe], [0xef, 0xbb, 0xbf, 0x7b, 0x7d], [0x00]])
      expect(readError(500, Uint8Array.from(bytes)).code).toBe("upstream_failed");
    expect(read(500, "[".repeat(60_000) + "]".repeat(5_000)).code).toBe("upstream_failed");
    expect(read(500, JSON.parse(`{"__proto__":{"message":"m"},"error":{"message":"ok"}}`)).message).toBe(
      "ok",
    );
  });
});

describe("writeError", () => {
  it.each(Object.keys(errorTable) as ErrorCode[])("writes %s in OpenAI's shape", (code) => {
    expect(writeError(new ProxyError(code, "what happened"))).toEqual({
      error: { message: "what happened", type: errorTable[code].openai, param: null, code },
    });
  });

  it("names the field and the finer reason", () => {
    expect(
      writeError(new ProxyError("invalid_request", "m", { field: "messages[0].role", reason: "bad_role" })),
    ).toEqual({
      error: {
        message: "m",
        type: "invalid_request_error",
        param: "messages[0].role",
        code: "invalid_request",
        reason: "bad_role",
      },
    });
  });

  it("keeps what the vendor said where it said something", () => {
    const written = (vendor: VendorError) =>
      writeError(new ProxyError("upstream_failed", "m", { vendor })).error;
    expect(written({ status: 429, type: "tokens", code: "rate_limit_exceeded", param: "p" })).toEqual({
      message: "m",
      type: "tokens",
      param: "p",
      code: "rate_limit_exceeded",
    });
    expect(written({ status: 500 })).toEqual({
      message: "m",
      type: "upstream_error",
      param: null,
      code: "upstream_failed",
    });
  });

  it("does not tell what the cause was", () => {
    const error = new ProxyError("internal", "internal error", { cause: new Error("SELECT secret") });
    expect(JSON.stringify(writeError(error))).not.toContain("SELECT");
  });
});

describe("writeErrorFrame", () => {
  it("writes one whole frame and no end", () => {
    const error = new ProxyError("upstream_cut", "line\nend", {});
    const frame = writeErrorFrame(error);
    expect(
      readEvents(Buffer.from(frame)).map(({ event, data }) => ({ event, json: JSON.parse(data) })),
    ).toEqual([{ event: "", json: writeError(error) }]);
    expect(frame).toMatch(/^data: [^\n]*\n\n$/);
    expect(frame).not.toContain("[DONE]");
  });
});
