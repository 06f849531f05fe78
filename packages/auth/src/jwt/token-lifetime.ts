/**
 * Lifetimes of tokens as people write them: `30d`, `6m`, `1y`, `90 days`.
 *
 * A month has 30 days and a year 365, so a lifetime does not depend on when it begins. The units are those of
 * tokens made from a shared secret and differ from the durations of the configuration, where `m` is a minute.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

const dayMs = 86_400_000;
const maxDays = 36_500;
const form = /^([1-9][0-9]{0,4})(d|m|y| days?)$/;
const unitDays: Readonly<Record<string, number>> = { d: 1, m: 30, y: 365, " day": 1, " days": 1 };

/**
 * Reads a lifetime.
 *
 * @param text - `Nd`, `Nm` (30 days each), `Ny` (365 days each) or `N days`; one day to 100 years
 * @returns milliseconds
 * @throws `invalid_request` (field `ttl`) when it is none
 */
export function parseTokenLifetime(text: string): number {
  const [, count = "", unit = ""] = form.exec(text.trim().toLowerCase()) ?? [];
  const days = Number(count) * (unitDays[unit] ?? 0);
  if (days < 1 || days > maxDays)
    throw new ProxyError("invalid_request", "ttl must be a lifetime like 30d, 6m, 1y or 90 days", {
      field: "ttl",
    });
  return days * dayMs;
}
