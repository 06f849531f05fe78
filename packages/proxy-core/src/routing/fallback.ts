/**
 * Which failures another target may mend, and which of several a client is told.
 *
 * @module
 */

import { type ErrorCode, ProxyError } from "@llmproxy/spec";
import { untranslatable } from "../dialects/translate.ts";

/** Failures of one target that say nothing about the others. */
const targetCodes: ReadonlySet<ErrorCode> = new Set([
  "upstream_auth", //       its credentials are bad
  "upstream_cut", //        it broke off before its first output
  "deadline_exceeded", //   it was too slow
  "overloaded", //          it is at its limit
  "circuit_open",
  "unavailable",
]);

/**
 * Whether the next target may be tried after this failure: when the target could not be reached, was too slow,
 * broke off, refused our credentials, or answered 429 or 5xx, or speaks a dialect that has no words for the request.
 * Any other 4xx is about the request, which would be the same.
 */
export function mayFallBack({ code, reason, vendor }: ProxyError): boolean {
  if (reason === untranslatable) return true;
  if (code !== "upstream_failed") return targetCodes.has(code);
  return !vendor || vendor.status === 429 || vendor.status >= 500;
}

/**
 * The failure to tell when every target has failed: the one that says when to come back (the soonest), else a
 * vendor's own answer, else the last. That a target's dialect has no words for the request is told only when no other
 * target was asked: those may answer later.
 *
 * @param all - oldest first
 */
export function tellingFailure(all: readonly ProxyError[]): ProxyError {
  const asked = all.filter(({ reason }) => reason !== untranslatable);
  const failures = asked.length > 0 ? asked : all;
  const [soonest] = failures
    .filter(({ retryAfterMs }) => retryAfterMs !== undefined)
    .toSorted((a, b) => (a.retryAfterMs ?? 0) - (b.retryAfterMs ?? 0));
  const answer =
    failures.findLast(({ vendor }) => vendor?.status === 429) ?? failures.findLast(({ vendor }) => vendor);
  return soonest ?? answer ?? failures.at(-1) ?? new ProxyError("unavailable", "there is no target to call");
}
