import { describe, expect, it } from "vitest";
import { passedHeaders } from "./response-headers.ts";

describe("passedHeaders", () => {
  it("passes what a client may see, the upstream's request id under another name", () => {
    expect(
      passedHeaders({
        "content-type": "application/json",
        "openai-processing-ms": "120",
        "x-request-id": "req_1",
      }),
    ).toEqual({
      "content-type": "application/json",
      "openai-processing-ms": "120",
      "x-upstream-request-id": "req_1",
    });
  });

  it("knows Anthropic's name of the request id", () => {
    expect(passedHeaders({ "request-id": "req_1" })).toEqual({ "x-upstream-request-id": "req_1" });
  });

  it("leaves out everything else", () => {
    expect(
      passedHeaders({
        "set-cookie": "a=b",
        connection: "close",
        "transfer-encoding": "chunked",
        "content-length": "3",
        "access-control-allow-origin": "*",
        "x-llmproxy-provider": "evil",
        "x-upstream-request-id": "forged",
        "x-ratelimit-remaining-requests": "1",
        "retry-after": "1",
        "strict-transport-security": "max-age=0",
        server: "nginx",
        date: "Thu, 01 Jan 2026 00:00:00 GMT",
      }),
    ).toEqual({});
  });

  it("leaves out values that are too long", () => {
    expect(passedHeaders({ "x-request-id": "x".repeat(257) })).toEqual({});
    expect(passedHeaders({ "x-request-id": "x".repeat(256) })).not.toEqual({});
  });
});
