import { ProxyError } from "@llmproxy/spec";
import { createFakeClock, createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import type { OverloadState } from "./overload-monitor.ts";
import { createShield, type Shield, type ShieldOptions } from "./shield.ts";

function setUp(options: ShieldOptions = {}) {
  const clock = createFakeClock();
  const meter = createMemoryMeter();
  const load: { state: OverloadState } = { state: { overloaded: false } };
  const shield = createShield({ clock, meter, overload: { state: () => load.state }, ...options });
  return { clock, meter, load, shield };
}

/** Enters and must be admitted. */
function admitted(shield: Shield, address?: string): () => void {
  const decision = shield.enter(address);
  if (!decision.admitted) throw decision.error;
  return decision.leave;
}

/** What a call is refused for; undefined where it is admitted, and leaves at once. */
function refusal(shield: Shield, address?: string): string | undefined {
  const decision = shield.enter(address);
  if (!decision.admitted) return decision.reason;
  decision.leave();
  return undefined;
}

const one = "192.0.2.1";
const other = "192.0.2.2";

describe("createShield", () => {
  describe("concurrency", () => {
    it("lets 2,000 calls in and refuses the next with 503 and the time to try again", () => {
      const { shield } = setUp();
      for (let call = 0; call < 2_000; call++) admitted(shield, one);
      expect(shield.enter(other)).toMatchObject({
        admitted: false,
        reason: "concurrency",
        error: { code: "overloaded", status: 503, retryAfterMs: 1_000 },
      });
    });

    it("lets a call in for each that leaves, and counts leaving once", () => {
      const { shield } = setUp({ maxConcurrency: 2 });
      const leave = admitted(shield);
      admitted(shield);
      expect(refusal(shield)).toBe("concurrency");
      leave();
      leave();
      leave();
      admitted(shield);
      expect(refusal(shield)).toBe("concurrency");
    });

    it("counts calls from inside the process too", () => {
      const { shield } = setUp({ maxConcurrency: 1 });
      admitted(shield, undefined);
      expect(refusal(shield, one)).toBe("concurrency");
    });
  });

  describe("failed logins", () => {
    it("refuses an address after 60 in a minute, until that minute ends; other addresses notice nothing", async () => {
      const { clock, shield } = setUp();
      const refusals: (string | undefined)[] = [];
      // 20 a second, for 10 seconds.
      for (let attempt = 0; attempt < 200; attempt++) {
        const reason = refusal(shield, one);
        refusals.push(reason);
        if (reason === undefined) shield.recordRefusal(one);
        expect(refusal(shield, other)).toBeUndefined();
        await clock.advance(50);
      }
      expect(refusals.indexOf("address")).toBe(60);
      expect(new Set(refusals.slice(60))).toEqual(new Set(["address"]));
      expect(shield.enter(one)).toMatchObject({
        error: { code: "limit_exceeded", status: 429, retryAfterMs: 50_000 },
      });
      await clock.advance(50_000);
      expect(refusal(shield, one)).toBeUndefined();
    });

    it("tells for how long", () => {
      const { shield } = setUp({ maxRefusalsPerMinute: 1 });
      shield.recordRefusal(one);
      const decision = shield.enter(one);
      expect(decision.admitted || decision.error.message).toBe(
        "too many failed logins from this address; try again in 60 s",
      );
    });

    it("does not lock out calls from inside the process", () => {
      const { shield } = setUp({ maxRefusalsPerMinute: 1 });
      for (let attempt = 0; attempt < 100; attempt++) shield.recordRefusal(undefined);
      expect([refusal(shield, undefined), refusal(shield, "undefined")]).toEqual([undefined, undefined]);
    });

    it("counts an IPv6 client by its /64", () => {
      const { shield } = setUp({ maxRefusalsPerMinute: 2 });
      shield.recordRefusal("2001:db8::1");
      shield.recordRefusal("2001:db8::2");
      expect([refusal(shield, "2001:db8::3"), refusal(shield, "2001:db8:0:1::3")]).toEqual([
        "address",
        undefined,
      ]);
    });

    it("watches a bounded number of addresses", () => {
      const { shield } = setUp({ maxRefusalsPerMinute: 1, maxAddresses: 2 });
      for (const address of ["a", "b", "c"]) shield.recordRefusal(address);
      expect(["a", "b", "c"].map((address) => refusal(shield, address))).toEqual([
        undefined,
        "address",
        "address",
      ]);
    });
  });

  describe("overload", () => {
    it.each([
      [0, 1_000],
      [999, 1_000],
      [2_500.5, 2_501],
      [60_000, 5_000],
    ])("refuses after %d ms of it with 503 and %d ms to wait", (durationMs, retryAfterMs) => {
      const { load, shield } = setUp();
      load.state = { overloaded: true, cause: "heap", durationMs };
      expect(shield.enter(one)).toMatchObject({
        admitted: false,
        reason: "overload",
        error: { code: "overloaded", status: 503, retryAfterMs },
      });
      expect(refusal(shield, undefined)).toBe("overload");
    });

    it("leaves calls in flight alone and ends with its cause", () => {
      const { load, shield } = setUp({ maxConcurrency: 1 });
      const leave = admitted(shield, one);
      load.state = { overloaded: true, cause: "event-loop-lag", durationMs: 0 };
      leave();
      load.state = { overloaded: false };
      expect(refusal(shield, one)).toBeUndefined();
    });

    it("is watched by the shield itself where nobody else does, until it is closed", async () => {
      const clock = createFakeClock();
      const shield = createShield({ clock });
      expect(clock.pending).toBeGreaterThan(0);
      await clock.advance(1_000);
      expect(refusal(shield, one)).toBeUndefined();
      shield.close();
      shield.close();
      expect(clock.pending).toBe(0);
    });
  });

  it("says that it was the address, whatever else there is too much of", () => {
    const { load, shield } = setUp({ maxRefusalsPerMinute: 1, maxConcurrency: 1 });
    shield.recordRefusal(one);
    admitted(shield);
    load.state = { overloaded: true, cause: "rss", durationMs: 0 };
    expect([refusal(shield, one), refusal(shield, other)]).toEqual(["address", "overload"]);
  });

  it("decides at once and with errors of the common kind", () => {
    const { load, shield } = setUp({ maxRefusalsPerMinute: 1 });
    shield.recordRefusal(one);
    load.state = { overloaded: true, cause: "rss", durationMs: 0 };
    for (const decision of [shield.enter(one), shield.enter(other)])
      expect(decision.admitted || (ProxyError.is(decision.error) && decision.error.retryable)).toBe(true);
  });

  it("lets calls leave after it has been closed", () => {
    const { meter, shield } = setUp();
    const leave = admitted(shield);
    shield.close();
    leave();
    expect(meter.value("llmproxy_shield_calls_in_flight")).toBe(0);
  });

  it("counts refusals by reason and the calls in flight", () => {
    const { meter, load, shield } = setUp({ maxRefusalsPerMinute: 1, maxConcurrency: 2 });
    const refused = () =>
      ["address", "concurrency", "overload"].map((reason) =>
        meter.value("llmproxy_shield_refused_total", { reason }),
      );
    expect(meter.labelSets("llmproxy_shield_refused_total")).toHaveLength(3);
    expect(refused()).toEqual([0, 0, 0]);
    const leave = admitted(shield);
    admitted(shield);
    expect(meter.value("llmproxy_shield_calls_in_flight")).toBe(2);
    shield.enter(one);
    shield.recordRefusal(one);
    shield.enter(one);
    shield.enter(one);
    leave();
    leave();
    load.state = { overloaded: true, cause: "heap", durationMs: 0 };
    shield.enter(other);
    expect(refused()).toEqual([2, 1, 1]);
    expect(meter.value("llmproxy_shield_calls_in_flight")).toBe(1);
  });

  it.each([
    ["maxConcurrency", 0],
    ["maxConcurrency", 1.5],
    ["maxConcurrency", Number.NaN],
    ["maxRefusalsPerMinute", -1],
    ["maxAddresses", Number.POSITIVE_INFINITY],
  ] as const)("refuses %s = %d, naming it", (field, value) => {
    expect(() => createShield({ [field]: value, clock: createFakeClock() })).toThrow(
      expect.objectContaining({ code: "invalid_request", field }),
    );
  });
});
