/**
 * One page of any list.
 *
 * @module
 */

import type { Page, PageRequest } from "@llmproxy/spec";
import { type Position, readPageToken, writePageToken } from "./page-token.ts";

/** What to list. */
export interface ListPageOptions<T> {
  /** The list with its filter, as `listScope` makes it. */
  readonly scope: string;
  /** Which page; its size is brought into 1–1000. */
  readonly page: PageRequest;
  /** Reads at most `limit` items behind `after` (from the start when undefined), in order. */
  read(after: Position | undefined, limit: number): Promise<readonly T[]>;
  /** Where an item stands in the list. */
  positionOf(item: T): Position;
}

const maxPageSize = 1_000;

/**
 * Reads a page, and one item more to know whether another page follows.
 *
 * @throws `invalid_request` (field `page_token`) for a token that is not of this list
 */
export async function listPage<T>({ scope, page, read, positionOf }: ListPageOptions<T>): Promise<Page<T>> {
  const pageSize = clampPageSize(page.pageSize);
  const items = await read(readPageToken(scope, page.pageToken), pageSize + 1);
  const last = items[pageSize - 1];
  if (items.length <= pageSize || last === undefined) return { items };
  return { items: items.slice(0, pageSize), nextPageToken: writePageToken(scope, positionOf(last)) };
}

/** What is not a number counts as 1. */
function clampPageSize(pageSize: number): number {
  return Math.min(Math.max(Math.trunc(pageSize) || 1, 1), maxPageSize);
}
