/**
 * Ids of requests.
 *
 * @module
 */

import { randomUUID } from "node:crypto";

/** Whether a client's own id is short and harmless enough to be used. */
export function isRequestId(text: string): boolean {
  return /^[\w-]{8,64}$/.test(text);
}

/** The client's own id where it can be used, else a new one. */
export function requestIdOf(offered: string | null): string {
  return offered !== null && isRequestId(offered) ? offered : randomUUID();
}
