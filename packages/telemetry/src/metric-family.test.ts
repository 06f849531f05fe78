import { describe, expect, it } from "vitest";
import { checkNames, type MetricFamily, prometheusText, type Sample } from "./metric-family.ts";

const family = (samples: readonly Sample[], help = "A."): MetricFamily => ({
  name: "a",
  help,
  kind: "gauge",
  samples: () => samples,
});

describe("prometheusText", () => {
  it("puts a blank line between families and a line feed at the end", () => {
    expect(prometheusText([family([{ labels: {}, value: 1 }]), { ...family([]), name: "b" }])).toBe(
      "# HELP a A.\n# TYPE a gauge\na 1\n\n# HELP b A.\n# TYPE b gauge\n",
    );
  });

  it("escapes what would end a help text or a value of a label", () => {
    const text = prometheusText([family([{ labels: { x: 'a"b\\c\nd' }, value: 1 }], 'one\\ "two"\nthree')]);
    expect(text).toBe('# HELP a one\\\\ "two"\\nthree\n# TYPE a gauge\na{x="a\\"b\\\\c\\nd"} 1\n');
  });

  it.each([
    [1.5e-7, "1.5e-7"],
    [1e21, "1e+21"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [Number.NaN, "NaN"],
  ])("writes %d as %s", (value, expected) => {
    expect(prometheusText([family([{ labels: {}, value }])])).toContain(`\na ${expected}\n`);
  });
});

describe("checkNames", () => {
  it.each([
    ["counter", "llmproxy:calls_total", ["model", "_le"]],
    ["gauge", "a", ["le"]],
  ] as const)("lets a %s %s with the labels %j be", (kind, name, labels) => {
    expect(() => checkNames(kind, name, labels)).not.toThrow();
  });

  it.each([
    ["counter", "a-b", []],
    ["counter", "a", ["a:b"]],
    ["counter", "a", [""]],
    ["histogram", "a", ["le"]],
  ] as const)("refuses a %s %s with the labels %j", (kind, name, labels) => {
    expect(() => checkNames(kind, name, labels)).toThrow(TypeError);
  });
});
