import { createFakeClock, createMemoryLogger, createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createDropReport } from "./drop-report.ts";

const counter = "llmproxy_usage_records_dropped_total";

function setUp() {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const meter = createMemoryMeter();
  const drops = createDropReport({ clock, logger, meter });
  return { clock, logger, meter, drops, logged: () => logger.entries.map(({ fields }) => fields.dropped) };
}

describe("createDropReport", () => {
  it("counts at once, by reason", () => {
    const { drops, meter } = setUp();
    drops.add("full");
    drops.add("full", 4);
    drops.add("closed");
    expect(meter.value(counter, { reason: "full" })).toBe(5);
    expect(meter.value(counter, { reason: "closed" })).toBe(1);
  });

  it("logs once per second, however many are dropped", async () => {
    const { drops, clock, logged } = setUp();
    for (let index = 0; index < 1_000; index++) drops.add("full");
    drops.add("rejected");
    expect(logged()).toEqual([]);
    await clock.advance(1_000);
    expect(logged()).toEqual([{ full: 1_000, rejected: 1 }]);
  });

  it("logs each second only what came since", async () => {
    const { drops, clock, logged } = setUp();
    drops.add("full");
    await clock.advance(1_500);
    drops.add("full", 2);
    await clock.advance(1_000);
    await clock.advance(60_000);
    expect(logged()).toEqual([{ full: 1 }, { full: 2 }]);
  });

  it("logs at once what is left when it is flushed, and leaves no timer", async () => {
    const { drops, clock, logged } = setUp();
    drops.add("unwritten", 7);
    drops.flush();
    drops.flush();
    expect(logged()).toEqual([{ unwritten: 7 }]);
    expect(clock.pending).toBe(0);
  });
});
