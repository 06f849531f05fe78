import { describe, expect, it } from "vitest";
import { formatNumber, omissions, verdicts, writeReport } from "./report.ts";
import type { TrialRounds } from "./results.ts";

const trial: TrialRounds = {
  scenario: "unary",
  title: "16 at once",
  metrics: [
    { name: "answers", unit: "/s" },
    { name: "added p50", unit: "ms", isAdded: true },
  ],
  rounds: {
    direct: [{ answers: 80_000, "added p50": 0.01 }],
    bare: [{ answers: 20_000, "added p50": 0.16 }],
    llmproxy: [{ answers: 9_000, "added p50": 0.31 }],
  },
  omitted: { portkey: "status 500" },
};

describe("writeReport", () => {
  it("has a line for each metric, with what each subject adds, and the ratios", () => {
    const subjects = ["direct", "bare", "llmproxy", "portkey"];
    expect(writeReport({ trials: [trial], subjects, subject: "llmproxy" }).split("\n")).toEqual([
      "                  direct    bare  llmproxy  portkey  ÷ bare  ÷ portkey",
      "unary: 16 at once",
      "  answers (/s)    80,000  20,000     9,000        –   0.450          –",
      "  added p50 (ms)   0.010  +0.150    +0.300        –    2.00          –",
    ]);
  });
});

describe("formatNumber", () => {
  it.each([
    [81_473.4, "81,473"],
    [100, "100"],
    [99.94, "99.9"],
    [9.996, "10.00"],
    [1.5, "1.50"],
    [0.1234, "0.123"],
    [-0.0461, "-0.046"],
  ])("writes %d as %s", (value, expected) => {
    expect(formatNumber(value)).toBe(expected);
  });
});

describe("omissions", () => {
  it("tells who did not take part, and why, once for each reason", () => {
    const other = { ...trial, title: "64 at once" };
    expect(omissions([trial, other], { bare: "it ended while starting" })).toEqual([
      "bare did not take part: it ended while starting",
      "portkey has no figures, because status 500: unary, 16 at once; unary, 64 at once",
    ]);
  });
});

describe("verdicts", () => {
  const goals = [
    { other: "bare", atLeast: 0.5 },
    { other: "portkey", atLeast: 5 },
  ];

  it("tells whether a goal holds, where there is something to compare with", () => {
    expect(verdicts([trial], "llmproxy", goals)).toEqual([
      "unary, 16 at once: 0.450 × bare; at least 0.5 does not hold",
    ]);
  });

  it("takes a goal that is just reached for reached", () => {
    const rounds = { ...trial.rounds, llmproxy: [{ answers: 10_000 }] };
    expect(verdicts([{ ...trial, rounds }], "llmproxy", goals)).toEqual([
      "unary, 16 at once: 0.500 × bare; at least 0.5 holds",
    ]);
  });
});
