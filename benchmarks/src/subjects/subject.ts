/**
 * What is measured: a server between the load generator and the upstream.
 *
 * @module
 */

import type { Lab } from "../lab/lab.ts";
import type { Destination } from "../load/load-job.ts";

/** The ways through a subject: the client's wire format, and the upstream's where it is another one. */
export type Way = "openai" | "anthropic" | "openai-to-anthropic" | "anthropic-to-openai";

/** A kind of server that can be started. */
export interface Subject {
  /** Short, for tables. */
  readonly name: string;
  /** What it is, for the report. */
  readonly title: string;
  /**
   * Starts one.
   *
   * @throws {Error} when it cannot be started; nothing is left behind then
   */
  start(lab: Lab): Promise<RunningSubject>;
}

/** A server that answers. */
export interface RunningSubject {
  /** Undefined where there is no server, only the upstream itself. */
  readonly pid: number | undefined;
  /** From the start of the process to its first answer, in milliseconds; undefined where there is none. */
  readonly startMs: number | undefined;
  /** Where to send requests; undefined for ways it does not know. */
  destination(way: Way): Destination | undefined;
  /** Empties its log, which would otherwise grow by gigabytes. */
  truncateLog(): void;
  stop(): Promise<void>;
}
