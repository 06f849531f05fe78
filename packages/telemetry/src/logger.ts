/**
 * The log: lines of JSON, or of text on a terminal.
 *
 * @module
 */

import { type Clock, type LogFields, type Logger, systemClock } from "@llmproxy/spec";
import { LineBuffer, type LogDestination } from "./line-buffer.ts";
import { LineWriter } from "./line-writer.ts";
import { type LogLevel, reaches } from "./log-level.ts";
import { boundLine, escapeControls } from "./log-line.ts";
import { createScrubber, type Scrubber } from "./scrubber.ts";
import { textLine } from "./text-line.ts";
import { createTimeText } from "./time-text.ts";

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
const noFields: LogFields = {};

/**
 * Makes a logger. A line is `{"level", "time", …fields, "msg"}`, at most 8 KiB long, free of secrets and of
 * control characters. Logging never blocks and never throws: lines that a stuck destination does not take are
 * kept up to a bound, then the oldest are dropped, counted, and reported once the destination goes on. Lines of
 * one turn of the event loop are written together, at its end or with the first that is a warning or an error.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const { destination, clock = systemClock } = options;
  const finish = lineFinisher(options);
  const timeText = createTimeText();
  const buffer = new LineBuffer({
    destination,
    maxLength: options.maxBufferedLength ?? defaultBufferedLength,
    describeDropped: (lines) =>
      finish(JSON.stringify({ level: "warn", time: timeText(clock.now()), lines, msg: "log lines dropped" })),
  });
  const writer = new LineWriter(options.level ?? "info", {
    scrub: options.scrub ?? createScrubber(),
    now: () => timeText(clock.now()),
    write(line, level) {
      buffer.write(finish(line));
      // What may be the last words of this process must not wait.
      if (reaches(level, "warn")) buffer.pump();
    },
  });
  const root = new FieldLogger(writer, noFields);
  return {
    debug: (fields, message) => root.debug(fields, message),
    info: (fields, message) => root.info(fields, message),
    warn: (fields, message) => root.warn(fields, message),
    error: (fields, message) => root.error(fields, message),
    child: (fields) => root.child(fields),
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

/** A logger and the fields it adds. One is made for each call, so it is no more than these two. */
class FieldLogger implements Logger {
  readonly #writer: LineWriter;
  readonly #inherited: LogFields;

  constructor(writer: LineWriter, inherited: LogFields) {
    this.#writer = writer;
    this.#inherited = inherited;
  }

  debug(fields: LogFields, message: string): void {
    this.#writer.write({ level: "debug", inherited: this.#inherited, fields, message });
  }

  info(fields: LogFields, message: string): void {
    this.#writer.write({ level: "info", inherited: this.#inherited, fields, message });
  }

  warn(fields: LogFields, message: string): void {
    this.#writer.write({ level: "warn", inherited: this.#inherited, fields, message });
  }

  error(fields: LogFields, message: string): void {
    this.#writer.write({ level: "error", inherited: this.#inherited, fields, message });
  }

  child(fields: LogFields): Logger {
    const inherited = this.#inherited === noFields ? fields : { ...this.#inherited, ...fields };
    return new FieldLogger(this.#writer, inherited);
  }
}
