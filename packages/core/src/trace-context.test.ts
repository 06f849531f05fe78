import { describe, expect, it } from "vitest";
import { continueTrace } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";

describe("continueTrace", () => {
  it("stays in the caller's trace with a span of its own", () => {
    const trace = continueTrace(`00-${traceId}-${parentId}-01`);
    expect(trace).toMatchObject({ traceId, sampled: true });
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(trace.spanId).not.toBe(parentId);
  });

  it("keeps that the caller does not record", () => {
    expect(continueTrace(`00-${traceId}-${parentId}-00`).sampled).toBe(false);
  });

  it("reads a later version by its first four fields", () => {
    expect(continueTrace(`cc-${traceId}-${parentId}-01-what-the-future-will-be-like`).traceId).toBe(traceId);
  });

  it.each([
    ["nothing", undefined],
    ["an empty header", ""],
    ["upper case", `00-${traceId.toUpperCase()}-${parentId}-01`],
    ["version ff", `ff-${traceId}-${parentId}-01`],
    ["a version 00 with more fields", `00-${traceId}-${parentId}-01-extra`],
    ["a zero trace id", `00-${"0".repeat(32)}-${parentId}-01`],
    ["a zero parent id", `00-${traceId}-${"0".repeat(16)}-01`],
    ["a short id", `00-${traceId.slice(1)}-${parentId}-01`],
    ["a line break", `00-${traceId}-${parentId}-01\n`],
  ])("begins a new trace for %s", (_what, header) => {
    const trace = continueTrace(header);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.sampled).toBe(false);
  });
});
