/**
 * The log: lines of JSON, or of text on a terminal.
 *
 * @module
 */

import { type Clock, type LogFields, type Logger, systemClock } from "@llmproxy/spec";
import pino from "pino";
import { LineBuffer, type LogDestination } from "./line-buffer.ts";
import { boundLine, escapeControls } from "./log-line.ts";
import { loggableFields, loggableText } from "./loggable.ts";
import { createScrubber, type Scrubber } from "./scrubber.ts";
import { textLine } from "./text-line.ts";

/** The least severe event that is written; `silent` writes none. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** How a logger is made. */
export interface LoggerOptions {
  /** Where lines go, e.g. `process.stdout`. It is not closed. */
  readonly destination: LogDestination;
  /** Default `info`. At `debug`, errors show their stack. */
  readonly level?: LogLevel;
  /** `auto` (default): text on a terminal, JSON elsewhere. Text has colors on a terminal. */
  readonly format?: "auto" | "json" | "text";
  /** Hides secrets in every string; default: the common forms of secrets. */
  readonly scrub?: Scrubber;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** How many characters may wait for a destination that is stuck; default 2^20. The oldest lines are dropped beyond. */
  readonly maxBufferedLength?: number;
}

/** A logger with the life of its destination. */
export interface RootLogger extends Logger {
  /** How many lines were lost because the destination did not take them. */
  readonly droppedLines: number;
  /** Changes the level of this logger and all its children. */
  setLevel(level: LogLevel): void;
  /**
   * Resolves when every line has been taken, or cannot be.
   *
   * @throws the signal's reason when it aborts before
   */
  flush(signal: AbortSignal): Promise<void>;
  /** Lets the destination go; what waits or comes later is dropped. Flush first. */
  close(): void;
}

const defaultBufferedLength = 2 ** 20;
const maxLineBytes = 8_192;

/**
 * Makes a logger. A line is `{"level", "time", …fields, "msg"}`, at most 8 KiB long, free of secrets and of
 * control characters. Logging never blocks and never throws: lines that a stuck destination does not take are
 * kept up to a bound, then the oldest are dropped, counted, and reported once the destination goes on.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const { destination, scrub = createScrubber(), clock = systemClock } = options;
  const finish = lineFinisher(options);
  const buffer = new LineBuffer({
    destination,
    maxLength: options.maxBufferedLength ?? defaultBufferedLength,
    describeDropped: (lines) =>
      finish(
        JSON.stringify({
          level: "warn",
          time: new Date(clock.now()).toISOString(),
          lines,
          msg: "log lines dropped",
        }),
      ),
  });
  const writer = pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      // Errors have been read already; pino would read a field named so once more.
      serializers: { err: (value: unknown) => value },
    },
    { write: (line: string) => buffer.write(finish(line)) },
  );
  return {
    ...childLogger(writer, scrub, {}),
    get droppedLines() {
      return buffer.droppedLines;
    },
    setLevel(level) {
      writer.level = level;
    },
    flush: (signal) => buffer.flush(signal),
    close: () => buffer.close(),
  };
}

function lineFinisher({ destination, format = "auto" }: LoggerOptions): (line: string) => string {
  const isTerminal = destination.isTTY === true;
  const bounded = (line: string): string => boundLine(escapeControls(line), maxLineBytes);
  if (format === "json" || (format === "auto" && !isTerminal)) return bounded;
  return (line) => textLine(bounded(line), isTerminal ? "ansi" : "none");
}

/** Fields are merged here and not by pino, which would write a name twice that parent and child both have. */
function childLogger(writer: pino.Logger, scrub: Scrubber, inherited: LogFields): Logger {
  const logAt =
    (level: "debug" | "info" | "warn" | "error") =>
    (fields: LogFields, message: string): void => {
      if (!writer.isLevelEnabled(level)) return;
      const options = { scrub, stacks: writer.isLevelEnabled("debug") };
      writer[level](loggableFields({ ...inherited, ...fields }, options), loggableText(message, scrub));
    };
  return {
    debug: logAt("debug"),
    info: logAt("info"),
    warn: logAt("warn"),
    error: logAt("error"),
    child: (fields) => childLogger(writer, scrub, { ...inherited, ...fields }),
  };
}
