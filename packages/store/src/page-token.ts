/**
 * Where a list goes on: keyset paging.
 *
 * A page is cut by a position, the creation moment and id of its last item, not by a count of items to skip, so
 * that items which come or go between two pages neither repeat nor hide others. A token holds that position and
 * a digest over it and over the list it belongs to. The digest is no secret (a forged position shows nothing its
 * reader could not list anyway); it turns away tokens of other lists and what people make up.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { ProxyError } from "@llmproxy/spec";

/** A place in a list ordered by moment, then id. */
export interface Position {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
}

const digestBytes = 8;

/** Names a list together with its filter; a token is good for one scope. */
export function listScope(list: string, ...filter: readonly (string | undefined)[]): string {
  return JSON.stringify([list, ...filter.map((value) => value ?? null)]);
}

/** Writes the token of the page that follows `position`. */
export function writePageToken(scope: string, { at, id }: Position): string {
  const payload = Buffer.from(`${at} ${id}`);
  return Buffer.concat([digest(scope, payload), payload]).toString("base64url");
}

/**
 * Reads the position a token stands for; undefined stays undefined: the first page.
 *
 * @throws `invalid_request` (field `page_token`) for a token that was not written for `scope`
 */
export function readPageToken(scope: string, token: string | undefined): Position | undefined {
  if (token === undefined) return undefined;
  const bytes = Buffer.from(token, "base64url");
  const payload = bytes.subarray(digestBytes);
  const [, at, id] = /^(-?\d+) (.*)$/s.exec(payload.toString()) ?? [];
  // The decoder skips what is not base64url, so that the same bytes have many spellings; ours is the only one taken.
  const isOurs =
    bytes.toString("base64url") === token && digest(scope, payload).equals(bytes.subarray(0, digestBytes));
  if (!isOurs || at === undefined || id === undefined)
    throw new ProxyError("invalid_request", "page_token must be the next_page_token of this same list", {
      field: "page_token",
    });
  return { at: Number(at), id };
}

function digest(scope: string, payload: Uint8Array): Buffer {
  return createHash("sha256").update(scope).update("\0").update(payload).digest().subarray(0, digestBytes);
}
