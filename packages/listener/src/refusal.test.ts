import { describe, expect, it } from "vitest";
import { badRequest, type Refusal, refusalBytes } from "./refusal.ts";

describe("refusalBytes", () => {
  it("writes a whole answer in the shape of the api, after which the connection ends", () => {
    const bytes = refusalBytes(badRequest("send ünicode"));
    const [head = "", body = ""] = bytes.split("\r\n\r\n");
    expect(head.split("\r\n")).toEqual([
      "HTTP/1.1 400 Bad Request",
      "cache-control: no-store",
      "content-security-policy: default-src 'none'; frame-ancestors 'none'",
      "referrer-policy: no-referrer",
      "x-content-type-options: nosniff",
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      expect.stringMatching(/^x-request-id: [\w-]{36}$/),
      "x-should-retry: false",
      "connection: close",
    ]);
    expect(JSON.parse(body)).toEqual({
      error: { message: "send ünicode", type: "invalid_request_error", param: null, code: "invalid_request" },
    });
  });

  const cases: readonly (readonly [Refusal, boolean])[] = [
    [{ status: 400, code: "invalid_request", message: "" }, false],
    [{ status: 408, code: "invalid_request", message: "" }, true],
    [{ status: 431, code: "headers_too_large", message: "" }, false],
    [{ status: 500, code: "internal", message: "" }, true],
    [{ status: 501, code: "invalid_request", message: "" }, false],
  ];
  it.each(cases)("tells whether %j is worth a retry", (refusal, worthIt) => {
    expect(refusalBytes(refusal).includes("x-should-retry: false")).toBe(!worthIt);
  });
});
