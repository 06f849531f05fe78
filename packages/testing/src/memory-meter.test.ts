import { describe, expect, it } from "vitest";
import { createMemoryMeter } from "./memory-meter.ts";

const calls = { name: "calls_total", help: "Calls.", labels: ["model", "outcome"] };

describe("createMemoryMeter", () => {
  it("counts per label set and sums over the labels not asked for", () => {
    const meter = createMemoryMeter();
    const counter = meter.counter(calls);
    counter.add({ model: "a", outcome: "finished" });
    counter.add({ outcome: "finished", model: "a" }, 2);
    counter.add({ model: "a", outcome: "failed" });
    counter.add({ model: "b", outcome: "finished" });
    expect(meter.value("calls_total", { model: "a", outcome: "finished" })).toBe(3);
    expect(meter.value("calls_total", { outcome: "finished" })).toBe(4);
    expect(meter.value("calls_total")).toBe(5);
    expect(meter.value("calls_total", { model: "c" })).toBe(0);
    expect(meter.labelSets("calls_total")).toHaveLength(3);
  });

  it("sets and moves a gauge", () => {
    const meter = createMemoryMeter();
    const gauge = meter.gauge({ name: "open_calls", help: "Open calls." });
    gauge.set({}, 5);
    gauge.add({}, -2);
    expect(meter.value("open_calls")).toBe(3);
  });

  it("keeps what a histogram records and counts it", () => {
    const meter = createMemoryMeter();
    const histogram = meter.histogram({ name: "seconds", help: "Time.", labels: ["model"], buckets: [1] });
    histogram.record({ model: "a" }, 0.5);
    histogram.record({ model: "a" }, 1.5);
    expect(meter.recorded("seconds", { model: "a" })).toEqual([0.5, 1.5]);
    expect(meter.value("seconds")).toBe(2);
  });

  it("gives one instrument for one name", () => {
    const meter = createMemoryMeter();
    meter.counter(calls).add({ model: "a", outcome: "finished" });
    meter.counter(calls).add({ model: "a", outcome: "finished" });
    expect(meter.value("calls_total")).toBe(2);
    expect(meter.instruments).toEqual([calls]);
  });

  it.each([
    ["a name of another kind", () => createTwice()],
    ["a label that was not declared", () => count({ model: "a", outcome: "x", user: "eve" })],
    ["a missing label", () => count({ model: "a" })],
    ["a counter that would shrink", () => count({ model: "a", outcome: "x" }, -1)],
    ["a counter that would become NaN", () => count({ model: "a", outcome: "x" }, Number.NaN)],
    ["an unknown name asked for", () => createMemoryMeter().value("nothing_total")],
  ])("refuses %s", (_, run) => {
    expect(run).toThrow();
  });
});

function count(labels: Record<string, string>, value?: number): void {
  createMemoryMeter().counter(calls).add(labels, value);
}

function createTwice(): void {
  const meter = createMemoryMeter();
  meter.counter(calls);
  meter.gauge(calls);
}
