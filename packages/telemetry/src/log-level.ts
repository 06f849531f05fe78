/**
 * How severe events are.
 *
 * @module
 */

/** How severe an event is. */
export type EventLevel = "debug" | "info" | "warn" | "error";

/** The least severe event that is written; `silent` writes none. */
export type LogLevel = EventLevel | "silent";

const severities: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

/** Whether an event is at least as severe as `least`. */
export function reaches(level: EventLevel, least: LogLevel): boolean {
  return severities[level] >= severities[least];
}
