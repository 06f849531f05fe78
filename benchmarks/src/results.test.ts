import { describe, expect, it } from "vitest";
import { figureOf, ratioOf, type TrialRounds } from "./results.ts";
import type { Metric } from "./scenarios/trial.ts";

const answers: Metric = { name: "answers", unit: "/s" };
const latency: Metric = { name: "added p50", unit: "ms", isAdded: true };

const trial: TrialRounds = {
  scenario: "unary",
  title: "16 at once",
  metrics: [answers, latency],
  rounds: {
    direct: [
      { answers: 900, "added p50": 1 },
      { answers: 1000, "added p50": 5 },
      { answers: 1100, "added p50": 2 },
    ],
    bare: [
      { answers: 200, "added p50": 3 },
      { answers: 400, "added p50": 8 },
      { answers: 300, "added p50": 4 },
    ],
    llmproxy: [{ answers: 150, "added p50": 5 }],
    silent: [],
  },
  omitted: {},
};

describe("figureOf", () => {
  it("is the median of the rounds", () => {
    expect(figureOf(trial, answers, "bare")?.value).toBe(300);
  });

  it("compares what was added within each round, not the medians", () => {
    expect(figureOf(trial, latency, "bare")?.value).toBe(2);
  });

  it("tells the upstream's own figure as it is", () => {
    expect(figureOf(trial, latency, "direct")?.value).toBe(2);
  });

  it.each(["silent", "unheard of"])("knows nothing of %s", (subject) => {
    expect(figureOf(trial, answers, subject)).toBeUndefined();
  });

  it("cannot tell what was added to nothing", () => {
    const { direct: _, ...rounds } = trial.rounds;
    expect(figureOf({ ...trial, rounds }, latency, "bare")).toBeUndefined();
  });
});

describe("ratioOf", () => {
  it("divides the medians", () => {
    expect(ratioOf(trial, answers, ["llmproxy", "bare"])).toBe(0.5);
    expect(ratioOf(trial, latency, ["llmproxy", "bare"])).toBe(2);
  });

  it("needs both", () => {
    expect(ratioOf(trial, answers, ["llmproxy", "silent"])).toBeUndefined();
  });

  it("does not divide by what is nothing or less", () => {
    const rounds = { ...trial.rounds, bare: [{ answers: 0, "added p50": 0.5 }] };
    expect(ratioOf({ ...trial, rounds }, answers, ["llmproxy", "bare"])).toBeUndefined();
    expect(ratioOf({ ...trial, rounds }, latency, ["llmproxy", "bare"])).toBeUndefined();
  });
});
