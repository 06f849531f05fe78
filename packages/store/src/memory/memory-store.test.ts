import type { CallRecord } from "@llmproxy/spec";
import { describeStore } from "@llmproxy/testing/conformance";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "./memory-store.ts";

describeStore("createMemoryStore", async () => {
  const store = createMemoryStore();
  return { store, cleanUp: () => store.close() };
});

const call = (recordId: string): CallRecord => ({
  recordId,
  requestId: "request",
  startedAt: new Date(0),
  durationMs: 1,
  endpoint: "/v1/chat/completions",
  attempts: [],
  outcome: "finished",
});

describe("createMemoryStore", () => {
  it("keeps the records of calls that were added last", async () => {
    const store = createMemoryStore({ maxCallRecords: 3 });
    for (const recordId of ["a", "b", "c", "d", "e"]) store.journal.append(call(recordId));
    store.journal.append(call("e"));
    const { items } = await store.usage.list({}, { pageSize: 10 });
    expect(items.map(({ recordId }) => recordId)).toEqual(["c", "d", "e"]);
  });

  it("takes an append without throwing, whatever it is given", async () => {
    const store = createMemoryStore();
    const unclonable = { ...call("a"), attempts: [() => {}] } as unknown as CallRecord;
    expect(() => store.journal.append(unclonable)).not.toThrow();
    expect((await store.usage.list({}, { pageSize: 10 })).items).toEqual([]);
  });

  it("makes stores that know nothing of each other", async () => {
    const [first, second] = [createMemoryStore(), createMemoryStore()];
    first.journal.append(call("a"));
    expect((await second.usage.list({}, { pageSize: 10 })).items).toEqual([]);
  });
});
