/**
 * Keeps records at hand, so that the request path needs no store.
 *
 * How far they are trusted is told in `freshness.ts`. Unknown ids are remembered for 5 s, apart from the records,
 * so that made-up ids cannot push those out.
 *
 * @module
 */

import type { Clock, Logger } from "@llmproxy/spec";
import { abortable } from "./abortable.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import { confirmMs, judgeRecord } from "./freshness.ts";
import { createSingleFlightReader } from "./single-flight-reader.ts";

/** What a cache works with. */
export interface RecordCacheOptions<T> {
  /** What is held, for messages, e.g. `key`. */
  readonly what: string;
  /** Reads a record; undefined when there is none. */
  readonly read: (id: string) => Promise<T | undefined>;
  /** How many records are held; beyond, the least recently used one is dropped. */
  readonly maxRecords: number;
  /** How long a record is good while it cannot be read again, in milliseconds; never less than 10 s. */
  readonly maxStaleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records at hand. */
export interface RecordCache<T> {
  /**
   * Gives a record, at once where it is at hand: a promise only where there is something to wait for.
   *
   * @returns undefined when there is no such record
   * @throws `unavailable` (by rejection) when it cannot be known; the signal's reason when `signal` aborts
   */
  get(id: string, signal: AbortSignal): T | undefined | Promise<T | undefined>;
  /** Drops what is known of an id; the next use reads it. */
  drop(id: string): void;
  /** Drops everything; from now on every use is `unavailable`. */
  close(): void;
}

interface Entry<T> {
  readonly value: T;
  readonly readMs: number;
  retryMs: number;
}

const absentMs = 5_000;
const maxAbsent = 10_000;
const retryPauseMs = 1_000;

/** Makes a cache. */
export function createRecordCache<T extends object>(options: RecordCacheOptions<T>): RecordCache<T> {
  const { what, clock, logger, maxRecords } = options;
  const maxStaleMs = Math.max(options.maxStaleMs, confirmMs);
  const held = createHeldRecords<T>(maxRecords);
  const store = watchStore(what, logger);
  const reader = createSingleFlightReader<T>({
    what,
    clock,
    read: options.read,
    onRead(id, value, readMs) {
      store.answered();
      held.keep(id, value, readMs);
    },
    onFailure(id, cause) {
      const nowMs = clock.monotonic();
      store.failed(nowMs, cause);
      const entry = held.present(id);
      if (entry) entry.retryMs = nowMs + retryPauseMs;
    },
  });

  const serve = (id: string, entry: Entry<T>, signal: AbortSignal): T | Promise<T | undefined> => {
    const { readMs, retryMs, value } = entry;
    switch (
      judgeRecord({ nowMs: clock.monotonic(), readMs, retryMs, failedMs: store.failedMs, maxStaleMs })
    ) {
      case "serve":
        return value;
      case "refresh":
        // Nobody waits here; the failure has been reported and a later use tries again.
        reader.read(id).catch(() => {});
        return value;
      case "confirm":
        return abortable(reader.read(id), signal).catch((error) => {
          const current = held.present(id);
          if (signal.aborted || !current) throw error;
          return current.value;
        });
      case "replace":
        return abortable(reader.read(id), signal);
    }
  };

  return {
    get(id, signal) {
      const entry = held.present(id);
      if (entry) return serve(id, entry, signal);
      return held.isAbsent(id, clock.monotonic()) ? undefined : abortable(reader.read(id), signal);
    },
    drop(id) {
      held.drop(id);
      reader.drop(id);
    },
    close() {
      held.clear();
      reader.close();
    },
  };
}

/** Records that are there, and ids of records that are not, each bounded by itself. */
function createHeldRecords<T>(maxRecords: number) {
  const records = createBoundedCache<Entry<T>>(maxRecords);
  const absentSinceMs = createBoundedCache<number>(maxAbsent);
  const drop = (id: string): void => {
    records.delete(id);
    absentSinceMs.delete(id);
  };
  return {
    present: (id: string) => records.get(id),
    isAbsent: (id: string, nowMs: number) =>
      nowMs - (absentSinceMs.get(id) ?? Number.NEGATIVE_INFINITY) < absentMs,
    /** Keeps what a read brought, unless a read that began later has brought something already. */
    keep(id: string, value: T | undefined, readMs: number): void {
      const knownMs = records.get(id)?.readMs ?? absentSinceMs.get(id) ?? readMs;
      if (knownMs > readMs) return;
      drop(id);
      if (value === undefined) absentSinceMs.set(id, readMs);
      else records.set(id, { value, readMs, retryMs: readMs });
    },
    drop,
    clear(): void {
      records.clear();
      absentSinceMs.clear();
    },
  };
}

/** Remembers whether the store fails, and tells the operator when that changes. */
function watchStore(what: string, logger: Logger) {
  let failedMs: number | undefined;
  return {
    get failedMs(): number {
      return failedMs ?? Number.NEGATIVE_INFINITY;
    },
    answered(): void {
      if (failedMs !== undefined) logger.info({ what }, "the store answers again");
      failedMs = undefined;
    },
    failed(nowMs: number, error: unknown): void {
      if (failedMs === undefined)
        logger.warn({ what, error }, "the store does not answer; what is at hand stays valid for a while");
      failedMs = nowMs;
    },
  };
}
