/**
 * What the load generator is told to do, and what it tells. All of it crosses a process boundary.
 *
 * @module
 */

import type { Summary } from "../statistics.ts";
import type { Script } from "../wire/script.ts";

/** The wire format of a client. */
export type ClientFormat = "openai" | "anthropic";

/** Where requests go. */
export interface Destination {
  /** On the loopback interface. */
  readonly port: number;
  /** The endpoint, with leading slash. */
  readonly path: string;
  /** Beside `host`, `content-type` and `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly format: ClientFormat;
  readonly model: string;
}

/** Requests one after the other on each of several connections. */
export interface LoadJob {
  readonly destination: Destination;
  readonly script: Script;
  readonly stream: boolean;
  /** How many connections there are, each with one request at a time. */
  readonly concurrency: number;
  /** What ends within this time counts for nothing. */
  readonly warmupMs: number;
  /** How long is measured. */
  readonly durationMs: number;
}

/** What a {@link LoadJob} came to. */
export interface LoadResult {
  /** Answers that came whole while it was measured. */
  readonly completed: number;
  /** Answers that came whole, those of the warm-up included. */
  readonly total: number;
  /** Answers with another status than 200, broken connections, streams with too few chunks. */
  readonly failed: number;
  /** What the first failure was. */
  readonly failure?: string;
  /** How long was measured, in seconds. */
  readonly seconds: number;
  /** From the last byte of the request to the end of the answer, without the upstream's own time, in milliseconds. */
  readonly latencyMs: Summary;
  /** From the request to the first text, without the upstream's own time, in milliseconds. */
  readonly firstChunkMs: Summary;
  /** From the upstream to the client, of each chunk after the first, in milliseconds. */
  readonly chunkMs: Summary;
}

/** Requests that are given up, one after the other. */
export interface CancelJob {
  readonly destination: Destination;
  readonly script: Script;
  readonly stream: boolean;
  readonly count: number;
  /** Gives up when so many chunks have come; at 0, `afterMs` after the request. */
  readonly afterChunks: number;
  readonly afterMs: number;
}

/** When the requests of a {@link CancelJob} were given up. */
export interface CancelResult {
  /** In order; the number of the call is the index plus one. */
  readonly closedUs: readonly number[];
}
