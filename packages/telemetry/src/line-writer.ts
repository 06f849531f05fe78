/**
 * Makes the line of an event: `{"level", "time", …fields, "msg"}`.
 *
 * There are two ways to it, and they give the same line. What has only short texts and numbers in it is written as
 * it is, and believed if the whole line has no secret and nothing that JSON had to escape; everything else is read
 * value by value (`loggable.ts`). Nearly all lines are those of calls, and go the first way in a fifth of the time.
 *
 * @module
 */

import type { LogFields } from "@llmproxy/spec";
import { type EventLevel, type LogLevel, reaches } from "./log-level.ts";
import { loggableFields, loggableText, maxStringLength } from "./loggable.ts";
import { PlainFields } from "./plain-fields.ts";
import type { Scrubber } from "./scrubber.ts";

/** What lines are made with. */
export interface LineWriterOptions {
  readonly scrub: Scrubber;
  /** The time as it is shown. */
  readonly now: () => string;
  /** Takes a line: a JSON object, without a line feed. */
  readonly write: (line: string, level: EventLevel) => void;
}

/** An event as it is logged. */
export interface LogEvent {
  readonly level: EventLevel;
  /** The fields of the logger; those of the event go before them. */
  readonly inherited: LogFields;
  readonly fields: LogFields;
  readonly message: string;
}

/** Makes lines of the events that are severe enough. */
export class LineWriter {
  /** The least severe event that is written. */
  level: LogLevel;
  readonly #options: LineWriterOptions;
  readonly #plainFields = new PlainFields();

  constructor(level: LogLevel, options: LineWriterOptions) {
    this.level = level;
    this.#options = options;
  }

  /** Writes an event, or does nothing. */
  write(event: LogEvent): void {
    if (!reaches(event.level, this.level)) return;
    const time = this.#options.now();
    this.#options.write(this.#plainLine(event, time) ?? this.#readLine(event, time), event.level);
  }

  /**
   * The line where nothing in it needs a closer look. Without an escape every text stands in it as it is, between
   * quotation marks, and none of those can be a part of what a scrubber looks for: what it finds in no line it
   * finds in none of its texts.
   */
  #plainLine({ level, inherited, fields, message }: LogEvent, time: string): string | undefined {
    if (message.length > maxStringLength) return undefined;
    const first = this.#plainFields.write(inherited, noFields);
    const second = first === undefined ? undefined : this.#plainFields.write(fields, inherited);
    if (first === undefined || second === undefined) return undefined;
    const line = `{"level":"${level}","time":"${time}"${first}${second},"msg":${JSON.stringify(message)}}`;
    return !line.includes("\\") && this.#options.scrub(line) === line ? line : undefined;
  }

  #readLine({ level, inherited, fields, message }: LogEvent, time: string): string {
    const { scrub } = this.#options;
    const read = loggableFields(fields, { scrub, stacks: reaches("debug", this.level) }, inherited);
    return JSON.stringify({ level, time, ...read, msg: loggableText(message, scrub) });
  }
}

const noFields: LogFields = {};
