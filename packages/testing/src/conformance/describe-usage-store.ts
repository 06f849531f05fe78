/**
 * What every journal and store of usage does.
 *
 * @module
 */

import type { CallRecord, Outcome, Store } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { awkwardStrings, fullCall, later, type OpenStore, readPages, sampleCall } from "./store-samples.ts";
import { withStore } from "./with-store.ts";

/** Defines the tests of a `UsageJournal` and the `UsageStore` that reads what it wrote. */
export function describeUsageStore(open: OpenStore): void {
  const given = (test: (store: Store) => Promise<void>) => withStore(open, test);
  /** Appends and waits until everything is durable. */
  const write = async ({ journal }: Store, records: readonly CallRecord[]) => {
    for (const record of records) journal.append(record);
    await journal.flush();
  };
  const all = async ({ usage }: Store) => (await readPages((page) => usage.list({}, page), 1_000)).flat();

  describe("journal.append", () => {
    it(
      "keeps a record as it was given",
      given(async (store) => {
        const bare = sampleCall({ recordId: "record-bare", startedAt: later(-1) });
        await write(store, [bare, fullCall]);
        expect(await all(store)).toStrictEqual([bare, fullCall]);
      }),
    );

    const outcomes: readonly Outcome[] = [
      "finished",
      "canceled",
      "upstream-cut",
      "timed-out",
      "refused",
      "failed",
    ];
    it(
      "keeps every outcome",
      given(async (store) => {
        const records = outcomes.map((outcome, index) => sampleCall({ recordId: `r${index}`, outcome }));
        await write(store, records);
        expect((await all(store)).map(({ outcome }) => outcome)).toEqual(outcomes);
      }),
    );

    it(
      "keeps awkward strings",
      given(async (store) => {
        const records = awkwardStrings.map((text, index) =>
          sampleCall({
            recordId: `r${index}`,
            requestId: text,
            endpoint: text,
            projectId: text,
            requestedModel: text,
            route: text,
            attempts: [
              {
                target: { provider: text, model: text },
                outcome: "failed",
                startMs: 0,
                durationMs: 1,
                errorCode: text,
              },
            ],
          }),
        );
        await write(store, records);
        expect(await all(store)).toStrictEqual(records);
      }),
    );

    it(
      "keeps a record whose project and key are not in the store",
      given(async (store) => {
        const record = sampleCall({ recordId: "r", projectId: "gone", keyId: "gone" });
        await write(store, [record]);
        expect(await all(store)).toStrictEqual([record]);
      }),
    );

    it(
      "keeps one record of an id, the first, however often it is appended",
      given(async (store) => {
        const first = sampleCall({ recordId: "same", durationMs: 1 });
        await write(store, [first, sampleCall({ recordId: "same", durationMs: 2 })]);
        await write(store, [
          sampleCall({ recordId: "same", durationMs: 3 }),
          sampleCall({ recordId: "zother" }),
        ]);
        expect((await all(store)).map(({ recordId, durationMs }) => [recordId, durationMs])).toEqual([
          ["same", 1],
          ["zother", 12.5],
        ]);
      }),
    );

    it(
      "keeps two calls with the same request id",
      given(async (store) => {
        const records = ["a", "b"].map((recordId) => sampleCall({ recordId, requestId: "repeated" }));
        await write(store, records);
        const found = await store.usage.list({ requestId: "repeated" }, { pageSize: 10 });
        expect(found.items).toStrictEqual(records);
      }),
    );

    it(
      "is not moved by what the caller does to its record once it is flushed",
      given(async (store) => {
        const attempts = [...fullCall.attempts];
        await write(store, [{ ...fullCall, attempts }]);
        attempts.length = 0;
        expect(await all(store)).toStrictEqual([fullCall]);
      }),
    );

    it(
      "takes a burst of 2,500 records and loses none",
      given(async (store) => {
        const ids = Array.from({ length: 2_500 }, (_, index) => `r${String(index).padStart(5, "0")}`);
        await write(
          store,
          ids.map((recordId) => sampleCall({ recordId })),
        );
        expect((await all(store)).map(({ recordId }) => recordId)).toEqual(ids);
      }),
    );
  });

  describe("journal.flush", () => {
    it(
      "resolves when there is nothing to do",
      given(async ({ journal }) => {
        await expect(journal.flush()).resolves.toBeUndefined();
      }),
    );

    it(
      "waits for everything appended before it, also when several flush at once",
      given(async (store) => {
        const flushes: Promise<number>[] = [];
        for (let count = 1; count <= 5; count++) {
          store.journal.append(sampleCall({ recordId: `r${count}` }));
          flushes.push(store.journal.flush().then(async () => (await all(store)).length));
        }
        for (const [index, count] of (await Promise.all(flushes)).entries())
          expect(count).toBeGreaterThanOrEqual(index + 1);
      }),
    );
  });

  describe("usage.list", () => {
    it(
      "finds by project, by request and by both, oldest first",
      given(async (store) => {
        const facts = [
          ["r0", "p", "x"],
          ["r1", "q", "x"],
          ["r2", "p", "y"],
          ["r3", "p", "x"],
        ] as const;
        await write(
          store,
          facts.map(([recordId, projectId, requestId], index) =>
            sampleCall({ recordId, projectId, requestId, startedAt: later(-index) }),
          ),
        );
        const ids = async (filter: { projectId?: string; requestId?: string }) =>
          (await readPages((page) => store.usage.list(filter, page), 2))
            .flat()
            .map(({ recordId }) => recordId);
        expect(await ids({})).toEqual(["r3", "r2", "r1", "r0"]);
        expect(await ids({ projectId: "p" })).toEqual(["r3", "r2", "r0"]);
        expect(await ids({ requestId: "x" })).toEqual(["r3", "r1", "r0"]);
        expect(await ids({ projectId: "p", requestId: "x" })).toEqual(["r3", "r0"]);
        expect(await ids({ projectId: "nowhere" })).toEqual([]);
      }),
    );

    it(
      "gives at most 1,000 records at a time",
      given(async (store) => {
        await write(
          store,
          Array.from({ length: 1_001 }, (_, index) => sampleCall({ recordId: `r${index}` })),
        );
        const page = await store.usage.list({}, { pageSize: 1_000_000 });
        expect(page.items).toHaveLength(1_000);
        expect(page.nextPageToken).toBeDefined();
      }),
    );

    it(
      "refuses a token of another list",
      given(async (store) => {
        await write(store, [fullCall, { ...fullCall, recordId: "another" }]);
        const { nextPageToken = "" } = await store.usage.list({}, { pageSize: 1 });
        await expect(
          store.usage.list({ projectId: "default" }, { pageSize: 1, pageToken: nextPageToken }),
        ).rejects.toMatchObject({ code: "invalid_request", field: "page_token" });
      }),
    );
  });
}
