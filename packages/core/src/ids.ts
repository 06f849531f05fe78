/**
 * Ids made by this server.
 *
 * @module
 */

import { randomHex } from "./random-hex.ts";

/**
 * Makes a UUID of version 7: sorts by time, unguessable in the rest.
 *
 * @param now - milliseconds since the Unix epoch
 * @see RFC 9562 §5.7
 */
export function newId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  const random = randomHex(10);
  // Two bits of the third group say the variant: 8, 9, a or b.
  const variant = variants[Number.parseInt(random.charAt(3), 16) & 3];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

const variants = ["8", "9", "a", "b"] as const;

/**
 * The id of a request: the client's own where it is short and harmless, else a new one.
 *
 * @param offered - the client's `x-request-id`
 * @param now - milliseconds since the Unix epoch
 */
export function requestIdOf(offered: string | undefined, now: number): string {
  return offered !== undefined && /^[\w-]{8,64}$/.test(offered) ? offered : newId(now);
}
