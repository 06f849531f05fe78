/**
 * Migrations of an SQLite file, by hand: what a command line needs.
 *
 * @module
 */

import { type Clock, systemClock } from "@llmproxy/spec";
import type { MigrationStatus, MigrationTarget } from "../migrations/status.ts";
import { type SqliteStoreOptions, toWorkerStart } from "./open-sqlite-store.ts";
import { connectWorker } from "./worker-connection.ts";
import { sqliteWorkerUrl } from "./worker-url.ts";

/** Which file. */
export type MigrationStatusOptions = Pick<
  SqliteStoreOptions,
  "path" | "busyTimeoutMs" | "workerUrl" | "clock"
>;

/** Which file, and where to. */
export interface MigrateOptions extends MigrationStatusOptions {
  /** What should be applied afterwards; undoing a migration deletes what it made. Default `latest`. */
  readonly to?: MigrationTarget;
}

/**
 * Applies or undoes migrations of a file that no store has open.
 *
 * @returns the status afterwards
 * @throws `invalid_request` (field `to`) when there is no such migration
 * @throws `unavailable` as `openSqliteStore` does
 */
export function migrate(options: MigrateOptions): Promise<MigrationStatus> {
  return runOnce({ ...options, readOnly: false }, options.to ?? "latest");
}

/**
 * Tells which migrations a file has and which it lacks; changes nothing.
 *
 * @throws `unavailable` as `openSqliteStore` does, also when the file does not exist
 */
export function migrationStatus(options: MigrationStatusOptions): Promise<MigrationStatus> {
  return runOnce({ ...options, readOnly: true }, undefined);
}

async function runOnce(
  options: SqliteStoreOptions,
  migrateTo: MigrationTarget | undefined,
): Promise<MigrationStatus> {
  const { workerUrl: url = sqliteWorkerUrl(), clock = systemClock }: { workerUrl?: URL; clock?: Clock } =
    options;
  const connection = await connectWorker({ url, start: toWorkerStart(options, migrateTo), clock });
  await connection.close();
  return connection.migrations;
}
