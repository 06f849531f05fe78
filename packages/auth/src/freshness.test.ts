import { describe, expect, it } from "vitest";
import { judgeRecord, type RecordAge, type RecordTrust } from "./freshness.ts";

const never = Number.NEGATIVE_INFINITY;

/** A record read at 1,000,000 ms. */
function after(ageMs: number, facts: Partial<RecordAge> = {}): RecordAge {
  const readMs = 1_000_000;
  return { nowMs: readMs + ageMs, readMs, retryMs: readMs, failedMs: never, maxStaleMs: 600_000, ...facts };
}

describe("judgeRecord", () => {
  it.each<[RecordTrust, number]>([
    ["serve", 0],
    ["serve", 4_999],
    ["refresh", 5_000],
    ["refresh", 9_999],
    ["confirm", 10_000],
    ["confirm", 600_000],
    ["replace", 600_001],
  ])("says %s at an age of %d ms while the store answers", (trust, ageMs) => {
    expect(judgeRecord(after(ageMs))).toBe(trust);
  });

  it.each<[RecordTrust, number]>([
    ["serve", 4_999],
    ["refresh", 5_000],
    ["refresh", 10_000],
    ["refresh", 600_000],
    ["replace", 600_001],
  ])(
    "says %s at an age of %d ms while the store fails: nobody waits for what may be served",
    (trust, ageMs) => {
      expect(judgeRecord(after(ageMs, { failedMs: 1_000_000 + ageMs - 2_000 }))).toBe(trust);
    },
  );

  it("believes in the store again when it has not been seen failing for 3 s", () => {
    expect(judgeRecord(after(60_000, { failedMs: 1_060_000 - 3_000 }))).toBe("refresh");
    expect(judgeRecord(after(60_000, { failedMs: 1_060_000 - 3_001 }))).toBe("confirm");
  });

  it("leaves the store alone in the pause after a failure", () => {
    const failed = { failedMs: 1_020_000, retryMs: 1_021_000 };
    expect(judgeRecord(after(20_999, failed))).toBe("serve");
    expect(judgeRecord(after(21_000, failed))).toBe("refresh");
  });

  it("does not serve a record that is too old, pause or not", () => {
    expect(judgeRecord(after(600_001, { retryMs: 1_700_000, failedMs: 1_600_000 }))).toBe("replace");
  });
});
