/**
 * What is measured under one name, and the two ways it is read: Prometheus' text format and JSON.
 *
 * The format is a page of rules, and what a library for it does on each measurement (it checks the labels and
 * hashes them) costs more than everything else a call has measured; so measuring is a number that is added to,
 * and all text is made when somebody asks.
 *
 * @module
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

import type { JsonObject } from "@llmproxy/spec";

/** What kind of numbers a family has. */
export type FamilyKind = "counter" | "gauge" | "histogram";

/** One number of a family. */
export interface Sample {
  /** Which part of a histogram it is; absent for other kinds. */
  readonly part?: "bucket" | "sum" | "count";
  /** The upper bound of a bucket; it is shown as the label `le`. */
  readonly le?: number | "+Inf";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Everything measured under one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: FamilyKind;
  /** The numbers as they are now. */
  samples(): Iterable<Sample>;
}

const familyName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Makes sure that a family can be written.
 *
 * @throws {TypeError} if the name or a label's name is none that Prometheus knows, or a histogram has a label `le`
 */
export function checkNames(kind: FamilyKind, name: string, labels: readonly string[]): void {
  if (!familyName.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a metric`);
  for (const label of labels)
    if (!labelName.test(label) || (kind === "histogram" && label === "le"))
      throw new TypeError(`${JSON.stringify(label)} is no name of a label of the ${kind} ${name}`);
}

/** Writes families in the text format 0.0.4, a blank line between them. */
export function prometheusText(families: Iterable<MetricFamily>): string {
  return `${Array.from(families, familyText).join("\n\n")}\n`;
}

/** The same as JSON: see `Metrics.json`. */
export function metricsJson(families: Iterable<MetricFamily>): JsonObject {
  return Object.fromEntries(
    Array.from(families, (family) => [
      family.name,
      {
        type: family.kind,
        help: family.help,
        values: Array.from(family.samples(), (sample) => jsonSample(family.name, sample)),
      },
    ]),
  );
}

function familyText(family: MetricFamily): string {
  const { name, help, kind } = family;
  const lines = [`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${kind}`];
  for (const sample of family.samples()) lines.push(sampleText(name, sample));
  return lines.join("\n");
}

function sampleText(name: string, { part, le, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`);
  if (le !== undefined) pairs.unshift(`le="${le}"`);
  return `${partName(name, part)}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${numberText(value)}`;
}

function jsonSample(name: string, { part, le, labels, value }: Sample): JsonObject {
  return {
    ...(part && { metric: partName(name, part) }),
    labels: { ...(le !== undefined && { le }), ...labels },
    value,
  };
}

function partName(name: string, part: Sample["part"]): string {
  return part ? `${name}_${part}` : name;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeValue(text: string): string {
  return escapeText(text).replaceAll('"', '\\"');
}
