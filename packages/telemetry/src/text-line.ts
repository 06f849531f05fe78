/**
 * A log event for people in front of a terminal.
 *
 * @module
 */

import { escapeControls } from "./log-line.ts";

const reset = "\u001b[0m";
const dim = "\u001b[2m";
const levelColors: Readonly<Record<string, string>> = {
  debug: "\u001b[36m",
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};
const plainValue = /^[\w./:@%+,-]+$/;

/**
 * Rewrites a line of JSON as `<time of day, UTC> <level> <message>  <name>=<value> …`; the stack of an `error`
 * follows on lines of its own, indented.
 *
 * @param line - a JSON object with `time`, `level` and `msg`
 * @param colors - whether the terminal knows ANSI colors
 */
export function textLine(line: string, colors: "ansi" | "none"): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const { stack, ...error } = (isObject(fields.error) ? fields.error : {}) as Record<string, unknown>;
  const paint = (color: string | undefined, text: string): string =>
    colors === "ansi" && color !== undefined ? `${color}${text}${reset}` : text;
  const shown = stack === undefined ? fields : { ...fields, error };
  const words = [
    paint(dim, String(time).slice(11, 23)),
    paint(levelColors[String(level)], String(level).toUpperCase().padEnd(5)),
    printable(String(msg)),
    ...Object.entries(shown).map(
      ([name, value]) => `${paint(dim, `${printable(name)}=`)}${shownValue(value)}`,
    ),
  ];
  return `${words.join(" ")}\n${stack === undefined ? "" : indented(String(stack))}`;
}

function shownValue(value: unknown): string {
  if (typeof value === "string" && plainValue.test(value)) return value;
  return escapeControls(JSON.stringify(value));
}

/** Every line break is followed by an indent, so that no text can pass for an event of its own. */
function indented(stack: string): string {
  return stack
    .split("\n")
    .map((line) => `    ${printable(line.trim())}\n`)
    .join("");
}

function printable(text: string): string {
  return escapeControls(JSON.stringify(text).slice(1, -1)).replaceAll('\\"', '"').replaceAll("\\\\", "\\");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
