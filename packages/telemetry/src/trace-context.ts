/**
 * W3C Trace Context, the `traceparent` header.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 * @module
 */

import { randomBytes } from "node:crypto";
import type { TraceContext } from "@llmproxy/spec";

// A version above 00 may have more after the flags.
const traceparent =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const sampledFlag = 1;

/**
 * Reads a `traceparent` header.
 *
 * @returns the caller's context, its span as `spanId`; undefined when the value is not valid, and a new trace
 *   is to be begun
 */
export function readTraceparent(value: string): TraceContext | undefined {
  const [, version, traceId, spanId, flags, more] = traceparent.exec(value) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag };
}

/**
 * Makes a context with a span of its own.
 *
 * @param parent - whose trace it belongs to; a new trace, not sampled, is begun without
 */
export function newTraceContext(parent?: TraceContext): TraceContext {
  return {
    traceId: parent?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    sampled: parent?.sampled ?? false,
  };
}

/** Writes a `traceparent` header of version 00. */
export function writeTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
