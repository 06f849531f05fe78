import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createSingleFlightReader } from "./single-flight-reader.ts";

/** A reader over a store whose answers the test gives by hand. */
function setUp() {
  const clock = createFakeClock();
  const asked: { id: string; answer: PromiseWithResolvers<string | undefined> }[] = [];
  const kept: [id: string, value: string | undefined][] = [];
  const failures: [id: string, cause: unknown][] = [];
  const reader = createSingleFlightReader<string>({
    what: "key",
    clock,
    read(id) {
      const answer = Promise.withResolvers<string | undefined>();
      asked.push({ id, answer });
      return answer.promise;
    },
    onRead: (id, value) => kept.push([id, value]),
    onFailure: (id, cause) => failures.push([id, cause]),
  });
  return { clock, asked, kept, failures, reader };
}

const unavailable = expect.objectContaining({ code: "unavailable", retryAfterMs: 1_000 });

describe("createSingleFlightReader", () => {
  it("reads an id once for everybody who asks meanwhile", async () => {
    const { asked, kept, reader, clock } = setUp();
    const reads = Array.from({ length: 100 }, () => reader.read("a"));
    expect(asked).toHaveLength(1);
    asked[0]!.answer.resolve("A");
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["A"]));
    expect(kept).toEqual([["a", "A"]]);
    expect(clock.pending).toBe(0);
  });

  it("reads different ids side by side, and an id again when the read has ended", async () => {
    const { asked, reader } = setUp();
    const reads = [reader.read("a"), reader.read("b")];
    for (const { answer } of asked) answer.resolve(undefined);
    expect(await Promise.all(reads)).toEqual([undefined, undefined]);
    void reader.read("a");
    expect(asked.map(({ id }) => id)).toEqual(["a", "b", "a"]);
  });

  it("fails everybody when the store fails, with the cause for the log only", async () => {
    const { asked, failures, reader, clock } = setUp();
    const reads = [reader.read("a"), reader.read("a")];
    const cause = new Error("password authentication failed for user llmproxy");
    asked[0]!.answer.reject(cause);
    const results = await Promise.allSettled(reads);
    for (const result of results) {
      expect(result).toEqual({ status: "rejected", reason: unavailable });
      expect((result as PromiseRejectedResult).reason.message).not.toContain("password");
    }
    expect(failures).toEqual([["a", cause]]);
    expect(clock.pending).toBe(0);
  });

  it("treats a store that throws as one that rejects", async () => {
    const reader = createSingleFlightReader<string>({
      what: "key",
      clock: createFakeClock(),
      read() {
        throw new TypeError("boom");
      },
      onRead() {},
      onFailure() {},
    });
    await expect(reader.read("a")).rejects.toEqual(unavailable);
  });

  it("waits for 1 s and no longer", async () => {
    const { clock, failures, reader } = setUp();
    const settled = reader.read("a").then(
      () => "answered",
      (error) => error.code,
    );
    await clock.advance(999);
    expect(failures).toEqual([]);
    await clock.advance(1);
    expect(await settled).toBe("unavailable");
    expect(failures).toEqual([["a", expect.objectContaining({ message: "no answer in 1000 ms" })]]);
  });

  it("keeps what comes after the limit, and lets a new read begin meanwhile", async () => {
    const { clock, asked, kept, failures, reader } = setUp();
    const first = expect(reader.read("a")).rejects.toEqual(unavailable);
    await clock.advance(1_000);
    await first;
    void reader.read("a");
    expect(asked).toHaveLength(2);
    asked[0]!.answer.resolve("late");
    await clock.advance(0);
    expect(kept).toEqual([["a", "late"]]);
    expect(failures).toHaveLength(1);
  });

  it("says nothing of a failure after the limit", async () => {
    const { clock, asked, failures, reader } = setUp();
    const first = expect(reader.read("a")).rejects.toEqual(unavailable);
    await clock.advance(1_000);
    await first;
    asked[0]!.answer.reject(new Error("reset"));
    await clock.advance(0);
    expect(failures).toHaveLength(1);
  });

  it("lets nobody join a read that began before its id was dropped, and does not keep its value", async () => {
    const { asked, kept, reader } = setUp();
    const before = reader.read("a");
    reader.drop("a");
    const after = reader.read("a");
    expect(asked).toHaveLength(2);
    asked[1]!.answer.resolve("new");
    asked[0]!.answer.resolve("old");
    expect(await Promise.all([before, after])).toEqual(["old", "new"]);
    expect(kept).toEqual([["a", "new"]]);
  });

  it("lets others join the read that began after the drop, also when the one before it has ended", async () => {
    const { clock, asked, reader } = setUp();
    void reader.read("a");
    reader.drop("a");
    const after = reader.read("a");
    asked[0]!.answer.resolve("old");
    await clock.advance(0);
    const joined = reader.read("a");
    asked[1]!.answer.resolve("new");
    expect([asked.length, await after, await joined]).toEqual([2, "new", "new"]);
  });

  it("does not keep a value that came after the limit when anything was dropped since", async () => {
    const { clock, asked, kept, reader } = setUp();
    const first = expect(reader.read("a")).rejects.toEqual(unavailable);
    await clock.advance(1_000);
    await first;
    reader.drop("a");
    asked[0]!.answer.resolve("old");
    await clock.advance(0);
    expect(kept).toEqual([]);
  });

  it("refuses the 1,001st read at once, and takes reads again when some have ended", async () => {
    const { clock, asked, reader } = setUp();
    const reads = Array.from({ length: 1_000 }, (_, index) => reader.read(`${index}`).catch(() => "failed"));
    await expect(reader.read("one more")).rejects.toEqual(unavailable);
    expect(asked).toHaveLength(1_000);
    await clock.advance(1_000);
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["failed"]));
    void reader.read("one more");
    expect(asked).toHaveLength(1_001);
  });

  it("ends every wait when it is closed, and refuses from then on", async () => {
    const { clock, asked, kept, reader } = setUp();
    const waiting = expect(reader.read("a")).rejects.toEqual(unavailable);
    reader.close();
    await waiting;
    expect(clock.pending).toBe(0);
    await expect(reader.read("b")).rejects.toEqual(unavailable);
    asked[0]!.answer.resolve("A");
    await clock.advance(0);
    expect([asked.length, kept]).toEqual([1, []]);
  });
});
