/**
 * What a person reads: a table for each scenario, and what did not take part.
 *
 * @module
 */

import { baseline, figureOf, ratioOf, type TrialRounds } from "./results.ts";
import type { Metric } from "./scenarios/trial.ts";

/** What a report is made of. */
export interface ReportOptions {
  readonly trials: readonly TrialRounds[];
  /** The subjects, in the order of the columns. */
  readonly subjects: readonly string[];
  /** Whose ratio to the others is told. */
  readonly subject: string;
}

/** The tables as text. */
export function writeReport({ trials, subjects, subject }: ReportOptions): string {
  const others = subjects.filter((name) => name !== subject && name !== baseline);
  const header = ["", ...subjects, ...others.map((other) => `÷ ${other}`)];
  const rows: string[][] = [];
  for (const trial of trials) {
    rows.push([`${trial.scenario}: ${trial.title}`]);
    for (const metric of trial.metrics) rows.push(rowOf(trial, metric, { subjects, subject, others }));
  }
  return align([header, ...rows]);
}

interface Columns {
  readonly subjects: readonly string[];
  readonly subject: string;
  readonly others: readonly string[];
}

function rowOf(trial: TrialRounds, metric: Metric, { subjects, subject, others }: Columns): string[] {
  const cells = subjects.map((name) => {
    const figure = figureOf(trial, metric, name);
    if (!figure) return "–";
    const sign = metric.isAdded === true && name !== baseline && figure.value >= 0 ? "+" : "";
    return sign + formatNumber(figure.value);
  });
  const ratios = others.map((other) => {
    const ratio = ratioOf(trial, metric, [subject, other]);
    return ratio === undefined ? "–" : formatNumber(ratio);
  });
  return [`  ${metric.name} (${metric.unit})`, ...cells, ...ratios];
}

/** Three digits that count; more only before the point. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** What did not take part, and why; one line for each subject and reason. */
export function omissions(
  trials: readonly TrialRounds[],
  absent: Readonly<Record<string, string>>,
): readonly string[] {
  const titles = new Map<string, string[]>();
  for (const { scenario, title, omitted } of trials)
    for (const [name, reason] of Object.entries(omitted)) {
      const line = `${name} has no figures, because ${reason}: `;
      titles.set(line, [...(titles.get(line) ?? []), `${scenario}, ${title}`]);
    }
  return [
    ...Object.entries(absent).map(([name, reason]) => `${name} did not take part: ${reason}`),
    ...[...titles].map(([line, each]) => line + each.join("; ")),
  ];
}

/** A goal, as a ratio of capacities. */
export interface Goal {
  readonly other: string;
  readonly atLeast: number;
}

/** Whether the goals hold, one line for each trial of capacity in one wire format. */
export function verdicts(
  trials: readonly TrialRounds[],
  subject: string,
  goals: readonly Goal[],
): readonly string[] {
  const relays = trials.filter(({ scenario }) => scenario === "unary" || scenario === "stream");
  return relays.flatMap((trial) =>
    trial.metrics
      .filter(({ unit }) => unit === "/s")
      .flatMap((metric) =>
        goals.flatMap(({ other, atLeast }) => {
          const ratio = ratioOf(trial, metric, [subject, other]);
          if (ratio === undefined) return [];
          const verdict = ratio >= atLeast ? "holds" : "does not hold";
          return [
            `${trial.scenario}, ${trial.title}: ${formatNumber(ratio)} × ${other}; at least ${atLeast} ${verdict}`,
          ];
        }),
      ),
  );
}

function align(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    // A row of one cell is a heading and may run on over the columns.
    Math.max(...rows.filter((row) => row.length > 1).map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row.length === 1
        ? row[0]
        : row
            .map((cell, column) =>
              column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
            )
            .join("  "),
    )
    .join("\n");
}
