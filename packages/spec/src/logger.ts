/**
 * Structured logging as a port.
 *
 * @module
 */

/** Fields of a log event. Values are written as JSON; an `error` key may hold an `Error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes log events: a short message and fields. Never blocks the event loop, never throws. */
export interface Logger {
  /** For the developer of llmproxy. */
  debug(fields: LogFields, message: string): void;
  /** For the operator: something happened as it should. */
  info(fields: LogFields, message: string): void;
  /** For the operator: something is not as it should be, service goes on. */
  warn(fields: LogFields, message: string): void;
  /** For the operator: something failed and needs a look. */
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each of its events. */
  child(fields: LogFields): Logger;
}

/** Writes nothing; the default of libraries that are given no logger. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
