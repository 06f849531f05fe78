/**
 * How long an upstream asks us to wait.
 *
 * @module
 */

import type { UpstreamHeaders } from "../http/upstream-headers.ts";

const maxWaitMs = 24 * 60 * 60 * 1_000;

/**
 * Reads `retry-after-ms` (OpenAI, Azure: milliseconds) or `retry-after` (RFC 9110 §10.2.3: seconds or a date).
 *
 * @param nowMs - the time a date is compared with, in milliseconds since the Unix epoch
 * @returns milliseconds, 0 … 24 h; undefined when neither is there and readable
 */
export function readRetryAfter(headers: UpstreamHeaders, nowMs: number): number | undefined {
  const waitMs =
    fromMilliseconds(headers["retry-after-ms"]) ?? fromSecondsOrDate(headers["retry-after"], nowMs);
  return waitMs === undefined ? undefined : Math.min(Math.max(0, waitMs), maxWaitMs);
}

const decimal = /^\d{1,12}(\.\d{1,9})?$/;

function fromMilliseconds(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === "string" && decimal.test(value) ? Math.ceil(Number(value)) : undefined;
}

function fromSecondsOrDate(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (decimal.test(value)) return Math.ceil(Number(value) * 1_000);
  // Only the forms of an HTTP date begin with the name of a day; Date.parse alone takes nearly anything.
  const atMs = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}
