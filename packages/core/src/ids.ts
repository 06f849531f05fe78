/**
 * Ids made by this server.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

/**
 * Makes a UUID of version 7: sorts by time, unguessable in the rest.
 *
 * @param now - milliseconds since the Unix epoch
 * @see RFC 9562 §5.7
 */
export function newId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The id of a request: the client's own where it is short and harmless, else a new one.
 *
 * @param offered - the client's `x-request-id`
 * @param now - milliseconds since the Unix epoch
 */
export function requestIdOf(offered: string | undefined, now: number): string {
  return offered !== undefined && /^[\w-]{8,64}$/.test(offered) ? offered : newId(now);
}
