import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { ErrorInfoSchema, LlmProxyService, RetryInfoSchema } from "@llmproxy/proto";
import { type ErrorCode, errorTable, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { connectError } from "./connect-error.ts";

/** The error as a client reads it from the wire. */
async function received(error: ProxyError): Promise<ConnectError> {
  const transport = createRouterTransport((router) =>
    router.rpc(LlmProxyService.method.getServerInfo, () => {
      throw connectError(error);
    }),
  );
  return createClient(LlmProxyService, transport)
    .getServerInfo({})
    .then(() => expect.unreachable(), ConnectError.from);
}

describe("connectError", () => {
  const codes = Object.keys(errorTable) as ErrorCode[];

  it.each(codes)("sends %s with the status of its row and its name in the details", async (code) => {
    const error = await received(new ProxyError(code, "what would be right"));
    const name = errorTable[code].grpc.replaceAll("_", "").replace("CANCELLED", "CANCELED");
    expect(Code[error.code].toUpperCase()).toBe(name);
    expect(error.rawMessage).toBe("what would be right");
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: code.toUpperCase(), domain: "llmproxy", metadata: {} },
    ]);
  });

  it("sends field and reason as metadata of the details", async () => {
    const error = await received(
      new ProxyError("invalid_request", "x", { field: "messages[2].role", reason: "role_unknown" }),
    );
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({
      field: "messages[2].role",
      reason: "role_unknown",
    });
  });

  it("tells when to try again, in the details and as metadata", async () => {
    const error = await received(new ProxyError("limit_exceeded", "x", { retryAfterMs: 1500.2 }));
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([
      { retryDelay: { seconds: 1n, nanos: 501_000_000 } },
    ]);
    expect(error.metadata.get("retry-after")).toBe("2");
    expect(error.metadata.get("retry-after-ms")).toBe("1501");
  });

  it("says nothing of a retry where no time is known", async () => {
    const error = await received(new ProxyError("limit_exceeded", "x"));
    expect(error.findDetails(RetryInfoSchema)).toEqual([]);
    expect(error.metadata.has("retry-after")).toBe(false);
  });

  it("keeps the cause to itself", () => {
    const error = connectError(new ProxyError("internal", "internal error", { cause: new Error("hunter2") }));
    expect(error.cause).toBeUndefined();
  });

  it.each<[string, ProxyError, string | null]>([
    ["that no retry can mend", new ProxyError("model_not_found", "x"), "false"],
    [
      "of a vendor who would say the same again",
      new ProxyError("upstream_failed", "x", { vendor: { status: 400 } }),
      "false",
    ],
    ["that may pass", new ProxyError("limit_exceeded", "x", { retryAfterMs: 1 }), null],
    [
      "of a vendor who may recover",
      new ProxyError("upstream_failed", "x", { vendor: { status: 500 } }),
      null,
    ],
  ])("tells of a failure %s whether to try again", (_what, error, value) => {
    expect(connectError(error).metadata.get("x-should-retry")).toBe(value);
  });
});
