import { type CallRecord, ProxyError } from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger, createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createDropReport } from "./drop-report.ts";
import { createJournal } from "./journal.ts";

const dropped = "llmproxy_usage_records_dropped_total";
const unavailable = new ProxyError("unavailable", "the store cannot answer at the moment");

function call(recordId: string): CallRecord {
  return {
    recordId,
    requestId: "request",
    startedAt: new Date(0),
    durationMs: 1,
    endpoint: "/v1/chat/completions",
    attempts: [],
    outcome: "finished",
  };
}

/** A journal over a store that does what the test says: `commits` answers each commit, and succeeds when absent. */
function setUp(given: { maxRecords?: number; commit?: (ids: readonly string[]) => Promise<void> } = {}) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const meter = createMemoryMeter();
  const groups: (readonly string[])[] = [];
  const written: string[] = [];
  const journal = createJournal({
    clock,
    logger,
    drops: createDropReport({ clock, logger, meter }),
    maxRecords: given.maxRecords ?? 10_000,
    async commit(records) {
      const ids = records.map(({ recordId }) => recordId);
      groups.push(ids);
      await given.commit?.(ids);
      written.push(...ids);
    },
  });
  const append = (...ids: readonly string[]) => {
    for (const id of ids) journal.append(call(id));
  };
  return { journal, append, clock, logger, meter, groups, written };
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);

/** Whether a promise has settled, without waiting for it. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  void promise.then(settle, settle);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe("append", () => {
  it("commits what comes within 20 ms as one group", async () => {
    const { append, clock, groups } = setUp();
    append("a", "b");
    await clock.advance(19);
    append("c");
    expect(groups).toEqual([]);
    await clock.advance(1);
    expect(groups).toEqual([["a", "b", "c"]]);
  });

  it("commits within 50 ms what comes while a commit of 10 ms is under way", async () => {
    const clock = createFakeClock();
    const commitMoments: number[] = [];
    const logger = createMemoryLogger();
    const journal = createJournal({
      clock,
      logger,
      drops: createDropReport({ clock, logger, meter: createMemoryMeter() }),
      maxRecords: 10,
      async commit() {
        await clock.sleep(10, new AbortController().signal);
        commitMoments.push(clock.now());
      },
    });
    const start = clock.now();
    journal.append(call("a"));
    await clock.advance(21);
    journal.append(call("b"));
    await clock.advance(49);
    expect(commitMoments.map((moment) => moment - start)).toEqual([30, 60]);
  });

  it("does nothing while there is nothing to do", async () => {
    const { append, clock, groups } = setUp();
    append("a");
    await clock.advance(20);
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(groups).toEqual([["a"]]);
  });

  it("commits at most 1,000 records at a time, without a pause between full groups", async () => {
    const { append, clock, groups, written } = setUp();
    append(...numbered(2_500));
    await clock.advance(20);
    expect(groups.map((group) => group.length)).toEqual([1_000, 1_000]);
    await clock.advance(20);
    expect(groups.map((group) => group.length)).toEqual([1_000, 1_000, 500]);
    expect(written).toEqual(numbered(2_500));
  });

  it("never has two commits under way", async () => {
    let underWay = 0;
    let most = 0;
    const { journal, append } = setUp({
      commit: async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay--;
      },
    });
    append("a");
    const flushes = [journal.flush(), journal.flush()];
    append("b");
    await Promise.all([...flushes, journal.flush()]);
    expect(most).toBe(1);
  });

  it("drops, counts and logs what comes while the queue is full, and goes on afterwards", async () => {
    const { append, clock, logger, meter, written } = setUp({ maxRecords: 3 });
    append("a", "b", "c", "d", "e");
    await clock.advance(1_000);
    append("f");
    await clock.advance(20);
    expect(written).toEqual(["a", "b", "c", "f"]);
    expect(meter.value(dropped, { reason: "full" })).toBe(2);
    expect(logger.entries.map(({ fields }) => fields.dropped)).toEqual([{ full: 2 }]);
  });

  it("counts records that are being committed as waiting", async () => {
    const commit = Promise.withResolvers<void>();
    const { append, clock, meter, journal, written } = setUp({ maxRecords: 2, commit: () => commit.promise });
    append("a", "b");
    await clock.advance(20);
    append("c");
    expect(meter.value(dropped, { reason: "full" })).toBe(1);
    commit.resolve();
    await journal.flush();
    expect(written).toEqual(["a", "b"]);
  });
});

describe("append while the store cannot write", () => {
  /** A store that is unavailable until it is mended. */
  function brokenStore(given: { maxRecords?: number } = {}) {
    let broken = true;
    const store = setUp({
      ...given,
      commit: async () => {
        if (broken) throw unavailable;
      },
    });
    const mend = () => {
      broken = false;
    };
    return { ...store, mend };
  }

  it("keeps the records and tries again with growing delays up to 5 s", async () => {
    const { append, clock, groups } = brokenStore();
    append("a");
    await clock.advance(20);
    const waits: number[] = [];
    for (let tries = 1; tries <= 8; tries++) {
      const start = clock.now();
      while (groups.length === tries) await clock.advance(10);
      waits.push(clock.now() - start);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it("writes everything in order once the store answers again, and says so", async () => {
    const { append, clock, mend, written, logger, journal } = brokenStore();
    append("a", "b");
    await clock.advance(20);
    expect(journal.failure()).toBe(unavailable);
    append("c");
    mend();
    await clock.advance(100);
    expect(written).toEqual(["a", "b", "c"]);
    expect(journal.failure()).toBeUndefined();
    expect(logger.entries.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "records of calls wait to be written"],
      ["info", "records of calls are written again"],
    ]);
    expect(logger.entries[0]?.fields).toMatchObject({ error: unavailable, waiting: 2, retryMs: 100 });
  });

  it("begins with a short delay again after it has recovered", async () => {
    let failures = 3;
    const { append, clock, groups } = setUp({
      commit: async () => {
        if (failures-- > 0) throw unavailable;
      },
    });
    append("a");
    await clock.advance(20 + 100 + 200 + 400);
    expect(groups).toHaveLength(4);
    failures = 1;
    append("b");
    await clock.advance(20 + 100);
    expect(groups).toHaveLength(6);
  });

  it("keeps within its bound and loses only the newest", async () => {
    const { append, clock, mend, written, meter } = brokenStore({ maxRecords: 5 });
    append(...numbered(3));
    await clock.advance(20);
    append(...numbered(8).slice(3));
    mend();
    await clock.advance(5_000);
    expect(written).toEqual(numbered(5));
    expect(meter.value(dropped, { reason: "full" })).toBe(3);
  });

  it("tries at once when somebody flushes, and lets the flush wait until it succeeds", async () => {
    const { append, journal, clock, mend, groups, written } = brokenStore();
    append("a");
    await clock.advance(20);
    const flush = journal.flush();
    expect(await hasSettled(flush)).toBe(false);
    expect(groups).toHaveLength(2);
    mend();
    await clock.advance(5_000);
    await flush;
    expect(written).toEqual(["a"]);
  });
});

describe("append of what cannot be stored", () => {
  /** A store that refuses groups with a record whose id begins with `bad`. */
  const picky = (maxRecords?: number) =>
    setUp({
      ...(maxRecords !== undefined && { maxRecords }),
      commit: async (ids) => {
        if (ids.some((id) => id.startsWith("bad"))) throw new TypeError("not a record");
      },
    });

  it.each([
    ["first", ["bad", "a", "b", "c", "d"]],
    ["in the middle", ["a", "b", "bad", "c", "d"]],
    ["last", ["a", "b", "c", "d", "bad"]],
    ["thrice", ["bad1", "a", "b", "bad2", "c", "bad3", "d"]],
  ])("writes the others when it comes %s", async (_where, ids) => {
    const { append, journal, written, meter, groups } = picky();
    append(...ids);
    await journal.flush();
    expect(written).toEqual(["a", "b", "c", "d"]);
    expect(meter.value(dropped, { reason: "rejected" })).toBe(ids.length - 4);
    expect(groups.length).toBeLessThan(20);
  });

  it("finds one of 1,000 with few commits and then takes large groups again", async () => {
    const { append, journal, written, groups } = picky();
    append(...numbered(700), "bad", ...numbered(999).slice(700));
    await journal.flush();
    expect(written).toEqual(numbered(999));
    expect(groups.length).toBeLessThan(40);
    const before = groups.length;
    append(...numbered(3_000));
    await journal.flush();
    expect(groups.length - before).toBeLessThan(10);
  });

  it("does not take a store for broken because it refuses a record", async () => {
    const { append, journal } = picky();
    append("bad");
    await journal.flush();
    expect(journal.failure()).toBeUndefined();
  });

  it("never throws when the commit throws at once", async () => {
    const clock = createFakeClock();
    const logger = createMemoryLogger();
    const meter = createMemoryMeter();
    const journal = createJournal({
      clock,
      logger,
      drops: createDropReport({ clock, logger, meter }),
      maxRecords: 10,
      commit: () => {
        throw new DOMException("could not be cloned", "DataCloneError");
      },
    });
    journal.append(call("a"));
    await clock.advance(20);
    expect(meter.value(dropped, { reason: "rejected" })).toBe(1);
  });
});

describe("flush", () => {
  it("does not wait for what is appended after it", async () => {
    const commits: (() => void)[] = [];
    const { append, journal } = setUp({ commit: () => new Promise((resolve) => commits.push(resolve)) });
    append("a");
    const first = journal.flush();
    append("b");
    const second = journal.flush();
    commits.shift()?.();
    await first;
    expect(await hasSettled(second)).toBe(false);
    commits.shift()?.();
    await second;
  });

  it("resolves at once when everything is written", async () => {
    const { append, journal, groups } = setUp();
    append("a");
    await journal.flush();
    expect(await hasSettled(journal.flush())).toBe(true);
    expect(groups).toEqual([["a"]]);
  });
});

describe("close", () => {
  it("writes what waits", async () => {
    const { append, journal, clock, written, meter } = setUp();
    append("a", "b");
    await journal.close();
    expect(written).toEqual(["a", "b"]);
    expect(meter.labelSets(dropped)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("drops what comes afterwards and refuses to flush", async () => {
    const { append, journal, meter, written } = setUp();
    await journal.close();
    append("late");
    await expect(journal.flush()).rejects.toMatchObject({ code: "unavailable" });
    expect(meter.value(dropped, { reason: "closed" })).toBe(1);
    expect(written).toEqual([]);
  });

  it("gives up after 5 s, and says how many records are lost to whom it concerns", async () => {
    const { append, journal, clock, meter, logger } = setUp({
      commit: async () => {
        throw unavailable;
      },
    });
    append("a", "b");
    const flush = expect(journal.flush()).rejects.toMatchObject({ code: "unavailable" });
    const closed = journal.close();
    await clock.advance(4_999);
    expect(await hasSettled(closed)).toBe(false);
    await clock.advance(1);
    await Promise.all([closed, flush]);
    expect(meter.value(dropped, { reason: "unwritten" })).toBe(2);
    expect(logger.entries.at(-1)?.fields.dropped).toEqual({ unwritten: 2 });
    expect(clock.pending).toBe(0);
  });

  it("may be called again", async () => {
    const { journal } = setUp();
    expect(journal.close()).toBe(journal.close());
    await journal.close();
  });
});
