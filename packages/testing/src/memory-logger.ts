/**
 * A logger whose events a test can read.
 *
 * @module
 */

import type { LogFields, Logger } from "@llmproxy/spec";

/** How loud an event is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** One recorded event. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  /** The fields of the event over those of its logger. */
  readonly fields: LogFields;
}

/** A logger that keeps everything, of whichever level. */
export interface MemoryLogger extends Logger {
  /** Events of this logger and its children, oldest first. */
  readonly entries: readonly LogEntry[];
  /**
   * All events as JSON lines with nothing hidden: errors with message, stack and cause, bytes as text. For
   * tests that search the log for what must not be there.
   */
  text(): string;
}

/** Makes a logger that writes into memory. */
export function createMemoryLogger(): MemoryLogger {
  const entries: LogEntry[] = [];
  return {
    ...recorder(entries, {}),
    entries,
    text: () => entries.map((entry) => `${JSON.stringify(plain(entry, new Set()))}\n`).join(""),
  };
}

function recorder(entries: LogEntry[], inherited: LogFields): Logger {
  const record = (level: LogLevel) => (fields: LogFields, message: string) => {
    entries.push({ level, message, fields: { ...inherited, ...fields } });
  };
  return {
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
    child: (fields) => recorder(entries, { ...inherited, ...fields }),
  };
}

/** Turns any value into what JSON can say, without leaving anything out. */
function plain(value: unknown, ancestors: ReadonlySet<unknown>): unknown {
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function")
    return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.has(value)) return "[circular]";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  const within = new Set(ancestors).add(value);
  if (value instanceof Map) return plain([...value], within);
  if (value instanceof Set) return plain([...value], within);
  if (Array.isArray(value)) return value.map((item) => plain(item, within));
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), within);
  return Object.fromEntries(Object.entries(withErrorFields(value)).map(([k, v]) => [k, plain(v, within)]));
}

/** An error's message, stack and cause are not enumerable. */
function withErrorFields(value: object): object {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, cause };
}
