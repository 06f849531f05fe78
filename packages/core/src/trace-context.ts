/**
 * W3C Trace Context of a call: continued from the client's, or begun here.
 *
 * @see https://www.w3.org/TR/trace-context/
 * @module
 */

import type { TraceContext } from "@llmproxy/spec";
import { randomHex } from "./random-hex.ts";

const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Makes this server's span within the client's trace, or a new trace when the header is absent or invalid:
 * the standard asks to restart a trace rather than to fail.
 *
 * @param traceparent - the client's header
 */
export function continueTrace(traceparent: string | undefined): TraceContext {
  const spanId = randomHex(8);
  const parent = traceparent === undefined ? undefined : readParent(traceparent);
  return parent ? { ...parent, spanId } : { traceId: randomHex(16), spanId, sampled: false };
}

function readParent(traceparent: string): { traceId: string; sampled: boolean } | undefined {
  const [, version, traceId, parentId, flags, rest] = format.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined || flags === undefined)
    return undefined;
  // Version ff is invalid; version 00 has nothing after the flags; all-zero ids are invalid.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
