/**
 * Ids of tool calls as this dialect accepts them.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** What Anthropic accepts: letters, digits, `_` and `-`. */
const accepted = /^[a-zA-Z0-9_-]+$/;

/**
 * An id as it may be sent. Some vendors make ids such as `functions.weather:0`; an id only ties a result to its
 * call, so one that is not accepted is written in other letters, the same in both places.
 */
export function wireId(id: string): string {
  return accepted.test(id) ? id : `id_${Buffer.from(id).toString("base64url")}`;
}
