import { type ErrorCode, errorTable, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { noModelReason } from "../call.ts";
import { executeError } from "./execute-error.ts";

describe("executeError", () => {
  it("tells a failure of the upstream with its message as details", () => {
    expect(executeError(new ProxyError("upstream_failed", "the provider said no"))).toEqual({
      errorCode: "EXECUTION_FAILED",
      errorMessage: "the model could not be executed",
      errorDetails: "the provider said no",
    });
  });

  it("tells that a model was not found, and which", () => {
    expect(executeError(new ProxyError("model_not_found", 'no model "gpt-9"'))).toEqual({
      errorCode: "MODEL_NOT_FOUND",
      errorMessage: 'no model "gpt-9"',
    });
  });

  it("tells that there is no model to ask", () => {
    const noModel = new ProxyError("invalid_request", "no model", { reason: noModelReason });
    expect(executeError(noModel)).toEqual({ errorCode: "NO_MODEL", errorMessage: "no model" });
  });

  it("leaves everything else to a status", () => {
    const codes = Object.keys(errorTable) as ErrorCode[];
    const inBand = codes.filter((code) => executeError(new ProxyError(code, "x")));
    expect(inBand.sort()).toEqual(["model_not_found", "upstream_auth", "upstream_cut", "upstream_failed"]);
  });
});
