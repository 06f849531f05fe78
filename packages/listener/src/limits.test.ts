import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { defaultListenerLimits, resolveLimits } from "./limits.ts";

describe("resolveLimits", () => {
  it("fills in the defaults", () => {
    expect(resolveLimits({})).toEqual(defaultListenerLimits);
    expect(resolveLimits({ maxConnections: 7 })).toEqual({ ...defaultListenerLimits, maxConnections: 7 });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    "refuses %d, naming the limit",
    (value) => {
      expect(() => resolveLimits({ maxHeaders: value })).toThrow(
        expect.objectContaining({
          code: "invalid_request",
          field: "limits.maxHeaders",
          message: expect.stringMatching(/^limits\.maxHeaders must be a whole number/),
        }),
      );
    },
  );

  it("refuses headers that may take longer than their request", () => {
    expect(() => resolveLimits({ headersTimeoutMs: 2, requestTimeoutMs: 1 })).toThrow(ProxyError);
    expect(resolveLimits({ headersTimeoutMs: 1, requestTimeoutMs: 1 }).headersTimeoutMs).toBe(1);
  });
});
