import { describe, expect, it } from "vitest";
import { listPage } from "./list-page.ts";
import { listScope, type Position, readPageToken } from "./page-token.ts";

const scope = listScope("numbers");

/** Lists the numbers below `count`, and notes what was read. */
function numbersBelow(count: number) {
  const reads: { readonly after: Position | undefined; readonly limit: number }[] = [];
  const list = (pageSize: number, pageToken?: string) =>
    listPage({
      scope,
      page: { pageSize, ...(pageToken !== undefined && { pageToken }) },
      positionOf: (item: number) => ({ at: item, id: "" }),
      read: async (after, limit) => {
        reads.push({ after, limit });
        const start = after === undefined ? 0 : after.at + 1;
        return Array.from(
          { length: Math.max(0, Math.min(limit, count - start)) },
          (_, index) => start + index,
        );
      },
    });
  return { list, reads };
}

describe("listPage", () => {
  it.each([
    [Number.NaN, 1],
    [-5, 1],
    [0, 1],
    [1, 1],
    [1.9, 1],
    [500, 500],
    [1_000, 1_000],
    [1_001, 1_000],
    [Number.POSITIVE_INFINITY, 1_000],
  ])("takes a page size of %d as %d and reads one item more", async (pageSize, expected) => {
    const { list, reads } = numbersBelow(5_000);
    expect((await list(pageSize)).items).toHaveLength(expected);
    expect(reads).toEqual([{ after: undefined, limit: expected + 1 }]);
  });

  it.each([
    { count: 0, items: [], more: false },
    { count: 1, items: [0], more: false },
    { count: 2, items: [0, 1], more: false },
    { count: 3, items: [0, 1], more: true },
  ])("gives $items of $count items", async ({ count, items, more }) => {
    const page = await numbersBelow(count).list(2);
    expect(page.items).toEqual(items);
    expect("nextPageToken" in page).toBe(more);
  });

  it("goes on behind the last item of the page before", async () => {
    const { list, reads } = numbersBelow(3);
    const { nextPageToken = "" } = await list(2);
    expect(readPageToken(scope, nextPageToken)).toEqual({ at: 1, id: "" });
    expect(await list(2, nextPageToken)).toEqual({ items: [2] });
    expect(reads.at(-1)).toEqual({ after: { at: 1, id: "" }, limit: 3 });
  });

  it("reads nothing for a token that is not its own", async () => {
    const { list, reads } = numbersBelow(3);
    await expect(list(2, "made-up")).rejects.toMatchObject({ code: "invalid_request", field: "page_token" });
    expect(reads).toEqual([]);
  });
});
