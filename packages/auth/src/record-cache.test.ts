import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createRecordCache } from "./record-cache.ts";

interface Row {
  readonly name: string;
}

/** A cache over a store that a test can change, break and let hang. */
function setUp({ maxRecords = 100, maxStaleMs = 600_000 } = {}) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const rows = new Map<string, Row>();
  const store = { mode: "works" as "works" | "fails" | "hangs", reads: [] as string[] };
  const cache = createRecordCache<Row>({
    what: "key",
    clock,
    logger,
    maxRecords,
    maxStaleMs,
    async read(id) {
      store.reads.push(id);
      if (store.mode === "fails") throw new Error("connection refused");
      if (store.mode === "hangs") return new Promise(() => {});
      return rows.get(id);
    },
  });
  const { signal } = new AbortController();
  return {
    clock,
    logger,
    rows,
    store,
    cache,
    get: async (id: string) => cache.get(id, signal),
    /** What is given without waiting; "waits" where it is not. */
    getNow: (id: string): Row | "waits" | undefined => {
      const given = cache.get(id, signal);
      if (!(given instanceof Promise)) return given;
      given.catch(() => {});
      return "waits";
    },
  };
}

const one: Row = { name: "one" };
const two: Row = { name: "two" };
const unavailable = expect.objectContaining({ code: "unavailable" });

describe("createRecordCache", () => {
  it("reads a record at its first use and gives it at once from then on", async () => {
    const { rows, store, get, getNow } = setUp();
    rows.set("a", one);
    expect(getNow("a")).toBe("waits");
    expect(await get("a")).toBe(one);
    expect(getNow("a")).toBe(one);
    expect(store.reads).toEqual(["a"]);
  });

  it("notices a change within 10 s though nobody tells it, and records in use never wait", async () => {
    const { clock, rows, get, getNow } = setUp();
    rows.set("a", one);
    await get("a");
    rows.set("a", two);
    const given: unknown[] = [];
    for (let second = 1; second <= 12; second++) {
      await clock.advance(1_000);
      given.push(getNow("a"));
    }
    expect(given).not.toContain("waits");
    expect(given.lastIndexOf(one)).toBeLessThan(10);
    expect(given.at(-1)).toBe(two);
  });

  it("looks again before it gives a record that has not been used for 10 s", async () => {
    const { clock, rows, get } = setUp();
    rows.set("a", one);
    await get("a");
    rows.set("a", two);
    await clock.advance(10_000);
    expect(await get("a")).toBe(two);
    rows.delete("a");
    await clock.advance(10_000);
    expect(await get("a")).toBeUndefined();
  });

  it("drops a record that a read in the background no longer finds", async () => {
    const { clock, rows, get, getNow } = setUp();
    rows.set("a", one);
    await get("a");
    rows.delete("a");
    await clock.advance(5_000);
    expect(getNow("a")).toBe(one);
    await clock.advance(0);
    expect(getNow("a")).toBeUndefined();
  });

  it("remembers for 5 s that there is no such record", async () => {
    const { clock, rows, store, get, getNow } = setUp();
    expect(await get("a")).toBeUndefined();
    rows.set("a", one);
    await clock.advance(4_999);
    expect(getNow("a")).toBeUndefined();
    expect(store.reads).toHaveLength(1);
    await clock.advance(1);
    expect(await get("a")).toBe(one);
  });

  it("does not let made-up ids push records out", async () => {
    const { rows, get, getNow } = setUp({ maxRecords: 2 });
    rows.set("a", one);
    await get("a");
    for (let index = 0; index < 10_500; index++) await get(`made-up-${index}`);
    expect(getNow("a")).toBe(one);
    expect(getNow("made-up-10499")).toBeUndefined();
    expect(getNow("made-up-499")).toBe("waits");
  });

  it("drops the record used longest ago when it is full", async () => {
    const { rows, get, getNow } = setUp({ maxRecords: 2 });
    for (const id of ["a", "b", "c"]) rows.set(id, one);
    await get("a");
    await get("b");
    await get("a");
    await get("c");
    expect([getNow("a"), getNow("b"), getNow("c")]).toEqual([one, "waits", one]);
  });

  it("reads a dropped record again, whether it was there or not", async () => {
    const { rows, cache, get } = setUp();
    rows.set("a", one);
    expect([await get("a"), await get("b")]).toEqual([one, undefined]);
    rows.set("a", two);
    rows.set("b", one);
    cache.drop("a");
    cache.drop("b");
    expect([await get("a"), await get("b")]).toEqual([two, one]);
  });

  describe("while the store fails", () => {
    it("gives no record that it does not know, and says when to try again", async () => {
      const { store, get } = setUp();
      store.mode = "fails";
      await expect(get("a")).rejects.toEqual(
        expect.objectContaining({ code: "unavailable", retryAfterMs: 1_000 }),
      );
    });

    it("does not take a failure for an absent record", async () => {
      const { rows, store, get } = setUp();
      rows.set("a", one);
      store.mode = "fails";
      await expect(get("a")).rejects.toEqual(unavailable);
      store.mode = "works";
      expect(await get("a")).toBe(one);
    });

    it("gives what it has for maxStaleMs, counted from the last good read, and then nothing", async () => {
      const { clock, rows, store, get } = setUp({ maxStaleMs: 60_000 });
      rows.set("a", one);
      await get("a");
      store.mode = "fails";
      for (let second = 1; second <= 60; second++) {
        await clock.advance(1_000);
        expect(await get("a")).toBe(one);
      }
      await clock.advance(1);
      await expect(get("a")).rejects.toEqual(unavailable);
      store.mode = "works";
      expect(await get("a")).toBe(one);
    });

    it("gives what it has for 10 s at least, however small maxStaleMs is", async () => {
      const { clock, rows, store, get } = setUp({ maxStaleMs: 0 });
      rows.set("a", one);
      await get("a");
      store.mode = "fails";
      await clock.advance(10_000);
      expect(await get("a")).toBe(one);
      await clock.advance(1);
      await expect(get("a")).rejects.toEqual(unavailable);
    });

    it("tries each record again once a second, not at each use", async () => {
      const { clock, rows, store, get } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "fails";
      store.reads.length = 0;
      await clock.advance(10_000);
      for (let use = 0; use < 50; use++) {
        await get("a");
        await clock.advance(100);
      }
      expect(store.reads).toHaveLength(5);
    });

    it("recovers as soon as the store does, and with the latest state", async () => {
      const { clock, rows, store, get, getNow } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "fails";
      await clock.advance(20_000);
      expect(await get("a")).toBe(one);
      store.mode = "works";
      rows.set("a", two);
      await clock.advance(1_000);
      await get("a");
      await clock.advance(0);
      expect(getNow("a")).toBe(two);
    });

    it("logs the beginning and the end, not each failure", async () => {
      const { clock, logger, rows, store, get } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "fails";
      for (let second = 0; second < 30; second++) {
        await clock.advance(1_000);
        await get("a");
        await get("b").catch(() => {});
      }
      store.mode = "works";
      await clock.advance(10_000);
      await get("a");
      expect(logger.entries.map(({ level, message }) => [level, message])).toEqual([
        ["warn", "the store does not answer; what is at hand stays valid for a while"],
        ["info", "the store answers again"],
      ]);
    });
  });

  describe("while the store hangs", () => {
    it("waits for 1 s and then gives what it has", async () => {
      const { clock, rows, store, get } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "hangs";
      await clock.advance(10_000);
      const given = get("a");
      await clock.advance(999);
      expect(await Promise.race([given, "waits"])).toBe("waits");
      await clock.advance(1);
      expect(await given).toBe(one);
    });

    it("waits once: as long as there is traffic, nobody waits again for what is at hand", async () => {
      const { clock, rows, store, get, getNow } = setUp();
      for (const id of ["a", "b"]) rows.set(id, one);
      await get("a");
      await get("b");
      store.mode = "hangs";
      await clock.advance(10_000);
      getNow("a");
      await clock.advance(1_000);
      const given = new Set<unknown>();
      for (let use = 0; use < 600; use++) {
        given.add(getNow(use % 2 ? "a" : "b"));
        await clock.advance(100);
      }
      expect(given).toEqual(new Set([one]));
    });

    it("has nothing under way that piles up", async () => {
      const { clock, rows, store, get, getNow } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "hangs";
      await clock.advance(10_000);
      for (let use = 0; use < 100; use++) getNow("a");
      expect(clock.pending).toBe(1);
    });
  });

  describe("when something is dropped while a read is under way", () => {
    it("does not keep what the read brings", async () => {
      const { clock, rows, cache, get, getNow } = setUp();
      rows.set("a", one);
      const before = get("a");
      rows.set("a", two);
      cache.drop("a");
      expect(await before).toBe(one);
      expect(await get("a")).toBe(two);
      await clock.advance(0);
      expect(getNow("a")).toBe(two);
    });

    it("does not give the old record because its confirmation failed", async () => {
      const { clock, rows, store, cache, get } = setUp();
      rows.set("a", one);
      await get("a");
      store.mode = "hangs";
      await clock.advance(10_000);
      const given = get("a");
      const outcome = expect(given).rejects.toEqual(unavailable);
      cache.drop("a");
      await clock.advance(1_000);
      await outcome;
    });
  });

  it("does not let a read that ends late replace what a later one brought", async () => {
    const clock = createFakeClock();
    const answers: PromiseWithResolvers<Row | undefined>[] = [];
    const cache = createRecordCache<Row>({
      what: "key",
      clock,
      logger: createMemoryLogger(),
      maxRecords: 10,
      maxStaleMs: 60_000,
      read() {
        const answer = Promise.withResolvers<Row | undefined>();
        answers.push(answer);
        return answer.promise;
      },
    });
    const { signal } = new AbortController();
    const first = expect(cache.get("a", signal)).rejects.toEqual(unavailable);
    await clock.advance(1_000);
    await first;
    const second = cache.get("a", signal);
    answers[1]!.resolve(two);
    expect(await second).toBe(two);
    answers[0]!.resolve(one);
    await clock.advance(0);
    expect(cache.get("a", signal)).toBe(two);
  });

  it("stops waiting when the signal aborts, with its reason, and leaves the others waiting", async () => {
    const { clock, rows, store, cache, get } = setUp();
    const reason = new Error("the client left");
    expect(store.reads).toEqual([]);
    await expect(cache.get("a", AbortSignal.abort(reason))).rejects.toBe(reason);
    rows.set("b", one);
    const controller = new AbortController();
    const left = expect(cache.get("b", controller.signal)).rejects.toBe(reason);
    const stayed = get("b");
    controller.abort(reason);
    await left;
    expect(await stayed).toBe(one);
    await clock.advance(10_000);
    store.mode = "fails";
    await expect(cache.get("b", AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("keeps no listener on a signal that outlives the wait", async () => {
    const { rows, cache } = setUp();
    rows.set("a", one);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...input: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, input);
    };
    signal.removeEventListener = (...input: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, input);
    };
    await cache.get("a", signal);
    await Promise.resolve();
    expect(listeners).toBe(0);
  });

  it("is unavailable once closed, also to those who wait", async () => {
    const { clock, rows, store, cache, get } = setUp();
    rows.set("a", one);
    await get("a");
    store.mode = "hangs";
    const waiting = expect(get("b")).rejects.toEqual(unavailable);
    cache.close();
    await waiting;
    await expect(get("a")).rejects.toEqual(unavailable);
    expect(clock.pending).toBe(0);
  });
});
