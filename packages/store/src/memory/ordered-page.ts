/**
 * A page out of records in memory.
 *
 * @module
 */

import type { Page, PageRequest } from "@llmproxy/spec";
import { listPage } from "../list-page.ts";
import type { Position } from "../page-token.ts";

/** What to list. */
export interface OrderedPageOptions<T> {
  /** The list with its filter. */
  readonly scope: string;
  readonly page: PageRequest;
  /** The records that pass the filter, in any order. */
  readonly records: readonly T[];
  /** Where a record stands. */
  positionOf(record: T): Position;
}

/**
 * Orders records by position and cuts the page that is asked for; the items are copies.
 *
 * @throws `invalid_request` (field `page_token`) for a token that is not of this list
 */
export function orderedPage<T>({
  scope,
  page,
  records,
  positionOf,
}: OrderedPageOptions<T>): Promise<Page<T>> {
  const read = async (after: Position | undefined, limit: number): Promise<readonly T[]> => {
    const items = records
      .filter((record) => after === undefined || compare(positionOf(record), after) > 0)
      .sort((a, b) => compare(positionOf(a), positionOf(b)));
    return structuredClone(items.slice(0, limit));
  };
  return listPage({ scope, page, positionOf, read });
}

function compare(a: Position, b: Position): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
