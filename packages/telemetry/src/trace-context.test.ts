import { describe, expect, it } from "vitest";
import { newTraceContext, readTraceparent, writeTraceparent } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("readTraceparent", () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [`cc-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-comes-later`, true],
  ])("reads %s", (value, sampled) => {
    expect(readTraceparent(value)).toEqual({ traceId, spanId, sampled });
  });

  it.each([
    ["nothing", ""],
    ["version ff", `ff-${traceId}-${spanId}-01`],
    ["more than version 00 has", `00-${traceId}-${spanId}-01-more`],
    ["more without a dash", `cc-${traceId}-${spanId}-01more`],
    ["upper case", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
    ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
    ["a short trace id", `00-${traceId.slice(1)}-${spanId}-01`],
    ["flags of one digit", `00-${traceId}-${spanId}-1`],
    ["a space before", ` 00-${traceId}-${spanId}-01`],
    ["a line feed after", `00-${traceId}-${spanId}-01\n`],
    ["digits that are none", `00-${traceId.slice(1)}g-${spanId}-01`],
  ])("refuses %s", (_, value) => {
    expect(readTraceparent(value)).toBeUndefined();
  });
});

describe("newTraceContext", () => {
  it("continues its parent's trace with a span of its own", () => {
    const context = newTraceContext({ traceId, spanId, sampled: true });
    expect(context).toEqual({ traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/), sampled: true });
    expect(context.spanId).not.toBe(spanId);
  });

  it("begins a trace that is not sampled", () => {
    const [first, second] = [newTraceContext(), newTraceContext()];
    expect(first.traceId).not.toBe(second.traceId);
    expect(first.sampled).toBe(false);
    expect(readTraceparent(writeTraceparent(first))).toEqual(first);
  });
});

describe("writeTraceparent", () => {
  it("writes version 00", () => {
    expect(writeTraceparent({ traceId, spanId, sampled: true })).toBe(`00-${traceId}-${spanId}-01`);
    expect(writeTraceparent({ traceId, spanId, sampled: false })).toBe(`00-${traceId}-${spanId}-00`);
  });
});
