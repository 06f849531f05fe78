/**
 * A page out of records in memory.
 *
 * @module
 */

import type { Page, PageRequest } from "@llmproxy/spec";
import { clampPageSize, type Position, readPageToken, toPage } from "../page-token.ts";

/** What to list. */
export interface OrderedPageOptions<T> {
  /** The list with its filter. */
  readonly scope: string;
  readonly page: PageRequest;
  /** The records that pass the filter, in any order. */
  readonly records: Iterable<T>;
  /** Where a record stands. */
  positionOf(record: T): Position;
}

/**
 * Orders records by position and cuts the page that is asked for; the items are copies.
 *
 * @throws `invalid_request` (field `page_token`) for a token that is not of this list
 */
export function orderedPage<T>({ scope, page, records, positionOf }: OrderedPageOptions<T>): Page<T> {
  const after = readPageToken(scope, page.pageToken);
  const pageSize = clampPageSize(page.pageSize);
  const items = [...records]
    .filter((record) => after === undefined || compare(positionOf(record), after) > 0)
    .sort((a, b) => compare(positionOf(a), positionOf(b)))
    .slice(0, pageSize + 1);
  return toPage({ scope, pageSize, items: structuredClone(items), positionOf });
}

function compare(a: Position, b: Position): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
