import { createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createMeter } from "./meter.ts";

const calls = { name: "llmproxy_calls_total", help: "Calls.", labels: ["model", "outcome"] };

/** The lines of the text format that are no comments. */
async function samples(metrics: ReturnType<typeof createMeter>): Promise<string[]> {
  return (await metrics.prometheus()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("createMeter", () => {
  it("writes Prometheus text", async () => {
    const metrics = createMeter();
    const counter = metrics.meter.counter(calls);
    counter.add({ model: 'a"b\\c\nd', outcome: "finished" });
    counter.add({ outcome: "finished", model: 'a"b\\c\nd' }, 2);
    expect(await metrics.prometheus()).toBe(
      [
        "# HELP llmproxy_calls_total Calls.",
        "# TYPE llmproxy_calls_total counter",
        'llmproxy_calls_total{model="a\\"b\\\\c\\nd",outcome="finished"} 3',
        "",
      ].join("\n"),
    );
  });

  it("sets and moves gauges", async () => {
    const metrics = createMeter();
    const gauge = metrics.meter.gauge({ name: "open_calls", help: "Open calls." });
    gauge.add({}, 5);
    gauge.add({}, -2);
    expect(await samples(metrics)).toEqual(["open_calls 3"]);
    gauge.set({}, 0);
    expect(await samples(metrics)).toEqual(["open_calls 0"]);
  });

  it("counts into cumulative buckets", async () => {
    const metrics = createMeter();
    const histogram = metrics.meter.histogram({
      name: "call_seconds",
      help: "Time.",
      labels: ["model"],
      buckets: [0.1, 1],
    });
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.record({ model: "a" }, value);
    expect(await samples(metrics)).toEqual([
      'call_seconds_bucket{le="0.1",model="a"} 2',
      'call_seconds_bucket{le="1",model="a"} 3',
      'call_seconds_bucket{le="+Inf",model="a"} 4',
      'call_seconds_sum{model="a"} 7.65',
      'call_seconds_count{model="a"} 4',
    ]);
  });

  it("says the same as JSON", async () => {
    const { meter, json } = createMeter();
    meter.counter(calls).add({ model: "a", outcome: "finished" });
    meter.histogram({ name: "call_seconds", help: "Time.", buckets: [1] }).record({}, 0.5);
    const read = await json();
    expect(read.llmproxy_calls_total).toEqual({
      type: "counter",
      help: "Calls.",
      values: [{ labels: { model: "a", outcome: "finished" }, value: 1 }],
    });
    expect(read.call_seconds).toEqual({
      type: "histogram",
      help: "Time.",
      values: [
        { metric: "call_seconds_bucket", labels: { le: 1 }, value: 1 },
        { metric: "call_seconds_bucket", labels: { le: "+Inf" }, value: 1 },
        { metric: "call_seconds_sum", labels: {}, value: 0.5 },
        { metric: "call_seconds_count", labels: {}, value: 1 },
      ],
    });
    expect(JSON.parse(JSON.stringify(read))).toEqual(read);
  });

  it("gives one instrument for one name", async () => {
    const metrics = createMeter();
    metrics.meter.counter(calls).add({ model: "a", outcome: "failed" });
    metrics.meter.counter(calls).add({ model: "a", outcome: "failed" });
    expect(await samples(metrics)).toEqual(['llmproxy_calls_total{model="a",outcome="failed"} 2']);
    expect(() => metrics.meter.gauge(calls)).toThrow("the metric llmproxy_calls_total is already a counter");
  });

  it("keeps meters apart", async () => {
    const [first, second] = [createMeter(), createMeter()];
    first.meter.counter(calls).add({ model: "a", outcome: "failed" });
    second.meter.gauge({ name: "llmproxy_calls_total", help: "Another.", labels: [] }).set({}, 7);
    expect(await samples(second)).toEqual(["llmproxy_calls_total 7"]);
  });

  it("measures all label sets beyond 1,000 as one", async () => {
    const metrics = createMeter();
    const counter = metrics.meter.counter(calls);
    for (let count = 0; count < 1_500; count++) counter.add({ model: `m${count}`, outcome: "finished" });
    counter.add({ model: "m0", outcome: "finished" });
    const lines = await samples(metrics);
    expect(lines).toHaveLength(1_001);
    expect(lines).toContain('llmproxy_calls_total{model="m0",outcome="finished"} 2');
    expect(lines).toContain('llmproxy_calls_total{model="other",outcome="other"} 500');
  });

  it("hides secrets in label values and cuts long ones", async () => {
    const metrics = createMeter();
    const counter = metrics.meter.counter(calls);
    counter.add({ model: "sk-0123456789abcdef", outcome: "x".repeat(10_000) });
    expect(await samples(metrics)).toEqual([
      `llmproxy_calls_total{model="[secret]",outcome="${"x".repeat(128)}"} 1`,
    ]);
  });

  it("takes missing and undeclared labels for what they are worth", async () => {
    const metrics = createMeter();
    metrics.meter.counter(calls).add({ model: "a", user: "eve" });
    expect(await samples(metrics)).toEqual(['llmproxy_calls_total{model="a",outcome=""} 1']);
  });

  it("never fails a call by what it measures, and says so once", async () => {
    const logger = createMemoryLogger();
    const metrics = createMeter({ logger });
    const counter = metrics.meter.counter({ name: "a_total", help: "A." });
    const histogram = metrics.meter.histogram({ name: "b_seconds", help: "B.", buckets: [1] });
    for (let count = 0; count < 3; count++) {
      counter.add({}, -1);
      counter.add({}, Number.NaN);
      histogram.record({}, Number.NaN);
    }
    counter.add({}, 2);
    expect(await samples(metrics)).toContain("a_total 2");
    expect(logger.entries.map(({ level, fields }) => [level, fields.metric])).toEqual([
      ["error", "a_total"],
      ["error", "b_seconds"],
    ]);
  });

  it("shows an instrument without labels before anything is measured", async () => {
    const metrics = createMeter();
    metrics.meter.counter({ name: "a_total", help: "A." });
    metrics.meter.histogram({ name: "b_seconds", help: "B.", buckets: [1] });
    metrics.meter.gauge({ name: "c", help: "C.", labels: ["model"] });
    expect(await samples(metrics)).toEqual([
      "a_total 0",
      'b_seconds_bucket{le="1"} 0',
      'b_seconds_bucket{le="+Inf"} 0',
      "b_seconds_sum 0",
      "b_seconds_count 0",
    ]);
  });

  it.each(["with space", "", "1st"])("refuses the name %j when the instrument is made", (name) => {
    expect(() => createMeter().meter.counter({ name, help: "x" })).toThrow();
  });
});
