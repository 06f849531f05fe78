/**
 * A store in an SQLite file.
 *
 * The database lives in a worker thread of its own, so that no disk ever makes the main thread wait; what is here
 * hands requests over and answers back.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  type Clock,
  type Logger,
  type Meter,
  ProxyError,
  type Store,
  silentLogger,
  silentMeter,
  systemClock,
} from "@llmproxy/spec";
import { createDropReport, type DropReport } from "../journal/drop-report.ts";
import { createJournal, type Journal } from "../journal/journal.ts";
import type { MigrationStatus, MigrationTarget } from "../migrations/status.ts";
import { callValues } from "../repositories/usage.ts";
import { storeClosed } from "../store-errors.ts";
import type { WorkerStart } from "./protocol.ts";
import { type SupervisedWorker, superviseWorker } from "./supervise-worker.ts";
import { connectWorker, type StoreRequest } from "./worker-connection.ts";
import { sqliteWorkerUrl } from "./worker-url.ts";

/** Which file, and whom to tell. */
export interface SqliteStoreOptions {
  /** The database file; made, with mode 0600, when it is missing. Its directory must exist. */
  readonly path: string;
  /** Opens an existing, migrated file and never writes; its journal drops what it is given. Default false. */
  readonly readOnly?: boolean;
  /** How long a statement waits for a lock another process holds on the file. Default 5,000. */
  readonly busyTimeoutMs?: number;
  /** How many records of calls may wait to be written; more are dropped. Default 10,000. */
  readonly maxJournalRecords?: number;
  /** The worker's entry. Default: the export `./sqlite-worker` of this package; a bundle ships its own. */
  readonly workerUrl?: URL;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Told what goes wrong behind the caller's back. Default: nobody. */
  readonly logger?: Logger;
  /** Counts dropped records and restarts of the worker. Default: nobody. */
  readonly meter?: Meter;
}

/** A store that knows the version of its tables. */
export interface SqliteStore extends Store {
  /** The migrations its database had when it was opened; none is pending. */
  readonly migrations: MigrationStatus;
}

const defaultBusyTimeoutMs = 5_000;
const defaultMaxJournalRecords = 10_000;

/**
 * Opens a store and brings its tables up to date.
 *
 * The file is checked for damage first. One process should own it: see `acquireOwnerLock`.
 *
 * @throws `unavailable`, naming the file and what would help, when it is damaged, locked, not writable, or written
 *   by a newer version
 *
 * @example
 * ```ts
 * import { openSqliteStore } from "@llmproxy/store";
 *
 * const store = await openSqliteStore({ path: "data/llmproxy.db" });
 * console.log(store.migrations.applied.map(({ name }) => name));
 * await store.close();
 * ```
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { clock = systemClock, logger = silentLogger, meter = silentMeter, readOnly = false } = options;
  const start = toWorkerStart(options, readOnly ? undefined : "latest");
  const connect = () => connectWorker({ url: options.workerUrl ?? sqliteWorkerUrl(), start, clock });
  const connection = await connect();
  const { migrations } = connection;
  if (migrations.pending.length > 0) {
    await connection.close();
    throw outdated(start.path, migrations.pending);
  }
  const worker = superviseWorker(connection, { connect, clock, logger, meter });
  const drops = createDropReport({ clock, logger, meter });
  const journal = readOnly
    ? createReadOnlyJournal(drops)
    : createJournal({
        commit: (records) => worker.request("commitCalls", callValues(records)),
        clock,
        logger,
        drops,
        maxRecords: options.maxJournalRecords ?? defaultMaxJournalRecords,
      });
  return { ...assembleStore(worker, journal), migrations };
}

/** Says what a worker should open. */
export function toWorkerStart(
  { path, readOnly = false, busyTimeoutMs = defaultBusyTimeoutMs }: SqliteStoreOptions,
  migrateTo: MigrationTarget | undefined,
): WorkerStart {
  return {
    purpose: "llmproxy-sqlite",
    path: resolve(path),
    readOnly,
    busyTimeoutMs,
    ...(migrateTo !== undefined && { migrateTo }),
  };
}

function assembleStore(worker: SupervisedWorker, journal: Journal): Store {
  let closing: Promise<void> | undefined;
  const ask: StoreRequest = (method, input) =>
    closing === undefined ? worker.request(method, input) : Promise.reject(storeClosed());
  return {
    projects: {
      insert: (project) => ask("insertProject", project),
      get: (id) => ask("getProject", id),
      list: (page) => ask("listProjects", page),
      update: (id, patch) => ask("updateProject", { id, patch }),
    },
    keys: {
      insert: (key) => ask("insertKey", key),
      get: (id) => ask("getKey", id),
      list: (filter, page) => ask("listKeys", { filter, page }),
      update: (id, patch) => ask("updateKey", { id, patch }),
    },
    usage: { list: (filter, page) => ask("listCalls", { filter, page }) },
    journal: { append: (record) => journal.append(record), flush: () => journal.flush() },
    async check() {
      await ask("check", undefined);
      const failure = journal.failure();
      if (failure !== undefined) throw failure;
    },
    close() {
      closing ??= journal.close().then(() => worker.close());
      return closing;
    },
  };
}

function createReadOnlyJournal(drops: DropReport): Journal {
  let closed = false;
  return {
    append: () => drops.add("read-only"),
    flush: () => (closed ? Promise.reject(storeClosed()) : Promise.resolve()),
    failure: () => undefined,
    async close() {
      closed = true;
      drops.flush();
    },
  };
}

function outdated(path: string, pending: readonly string[]): ProxyError {
  return new ProxyError(
    "unavailable",
    `the database ${path} lacks the migrations ${pending.join(", ")}: open it for writing once, which applies them`,
    { reason: "database_outdated" },
  );
}
