import { describe, expect, it } from "vitest";
import { OverheadLedger, type SessionTraffic } from "./overhead-ledger.ts";

const limits = { sessionOverheadBytes: 1_000, sessionOverheadBytesPerStream: 100 };

const nothing: SessionTraffic = {
  receivedBytes: 0,
  bodyBytes: 0,
  sentBytes: 0,
  closedStreams: 0,
  openStreams: 0,
};

/** Settles totals one after the other; whether each was in order. */
function settleAll(...totals: readonly Partial<SessionTraffic>[]): readonly boolean[] {
  const ledger = new OverheadLedger(limits);
  return totals.map((traffic) => ledger.settle({ ...nothing, ...traffic }));
}

describe("OverheadLedger", () => {
  it("allows as much as the limit, and not a byte more", () => {
    expect(settleAll({ receivedBytes: 1_000 }, { receivedBytes: 1_001 })).toEqual([true, false]);
  });

  it("allows more for each open stream", () => {
    expect(
      settleAll({ receivedBytes: 1_200, openStreams: 2 }, { receivedBytes: 1_201, openStreams: 2 }),
    ).toEqual([true, false]);
  });

  it("does not count bodies", () => {
    expect(
      settleAll(
        { receivedBytes: 1_000_000, bodyBytes: 999_500 },
        { receivedBytes: 9_000_000, bodyBytes: 8_999_000 },
      ),
    ).toEqual([true, true]);
  });

  it("forgives a share of what is sent, for acknowledgements", () => {
    expect(
      settleAll({ receivedBytes: 3_000, sentBytes: 8_000 }, { receivedBytes: 3_001, sentBytes: 8_000 }),
    ).toEqual([true, false]);
  });

  it("forgives what streams that came to an end may have cost", () => {
    expect(
      settleAll({ receivedBytes: 1_500, closedStreams: 5 }, { receivedBytes: 1_501, closedStreams: 5 }),
    ).toEqual([true, false]);
  });

  it("goes on for ever with requests that cost what they may", () => {
    const totals = Array.from({ length: 1_000 }, (_, index) => ({
      receivedBytes: 100 * index,
      closedStreams: index,
    }));
    expect(settleAll(...totals)).not.toContain(false);
  });

  it("saves up no credit for a later flood", () => {
    expect(
      settleAll(
        { receivedBytes: 1_000, closedStreams: 1_000, sentBytes: 1_000_000 },
        { receivedBytes: 2_001, closedStreams: 1_000, sentBytes: 1_000_000 },
      ),
    ).toEqual([true, false]);
  });

  it("takes debt back when a body that was unread at first is counted", () => {
    expect(
      settleAll(
        { receivedBytes: 900 },
        { receivedBytes: 900, bodyBytes: 900 },
        { receivedBytes: 1_900, bodyBytes: 900 },
      ),
    ).toEqual([true, true, true]);
  });
});
