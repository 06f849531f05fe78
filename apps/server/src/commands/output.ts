/**
 * Output for people and for programs.
 *
 * @module
 */

import type { Host } from "../host.ts";

/** Prints a result: as JSON where asked for, else as text (JSON again when there is no text). */
export function print(host: Host, json: boolean | undefined, value: unknown, text?: string): void {
  host.stdout.write(json || text === undefined ? `${JSON.stringify(value, undefined, 2)}\n` : `${text}\n`);
}

/** Prints aligned columns under a heading. */
export function printTable(
  host: Host,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const all = [heading, ...rows];
  const widths = heading.map((_title, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const row of all) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    host.stdout.write(`${line.trimEnd()}\n`);
  }
}
