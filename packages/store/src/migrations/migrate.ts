/**
 * Brings the tables of a database to a version, up or down.
 *
 * Everything happens in one transaction: a process that is killed leaves the database as it was, and of two that
 * start at once the second waits and then finds nothing to do.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import type { Dialect, Kysely } from "kysely";
import { type MigrationInfo, type MigrationResultSet, Migrator, NO_MIGRATIONS } from "kysely/migration";
import type { StoreTables } from "../schema.ts";
import { migrationChecksum } from "./checksum.ts";
import type { MigrationList } from "./list.ts";
import type { MigrationStatus, MigrationTarget } from "./status.ts";

/** A database and what should be in it. */
export interface MigrationContext {
  readonly database: Kysely<StoreTables>;
  /** The dialect `database` was made with. */
  readonly dialect: Dialect;
  /** What people call the database, e.g. its file; for messages. */
  readonly location: string;
  readonly migrations: MigrationList;
}

const checksumTable = "migration_checksum";

/**
 * Tells which migrations are applied and which are not.
 *
 * @throws `unavailable` when the database was migrated by a newer version, or a migration it has was changed
 */
export async function readMigrationStatus(context: MigrationContext): Promise<MigrationStatus> {
  await verifyChecksums(context);
  return toStatus(await migratorOf(context).getMigrations());
}

/**
 * Applies what is missing up to `target`, or undoes what is beyond it.
 *
 * @returns the status afterwards
 * @throws `invalid_request` (field `to`) when there is no migration of that name
 * @throws `unavailable` as {@link readMigrationStatus} does
 */
export async function migrateDatabase(
  context: MigrationContext,
  target: MigrationTarget,
): Promise<MigrationStatus> {
  if (target !== "latest" && target !== "none" && !Object.hasOwn(context.migrations, target))
    throw unknownTarget(target, context.migrations);
  return context.database.transaction().execute(async (transaction) => {
    const within = { ...context, database: transaction };
    await verifyChecksums(within);
    const { error } = await run(migratorOf(within), target);
    if (error !== undefined) throw error;
    return noteChecksums(within);
  });
}

function run(migrator: Migrator, target: MigrationTarget): Promise<MigrationResultSet> {
  if (target === "latest") return migrator.migrateToLatest();
  return migrator.migrateTo(target === "none" ? NO_MIGRATIONS : target);
}

function migratorOf({ database, migrations }: MigrationContext): Migrator {
  return new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
}

/** Compares what was applied with what this version would apply. */
async function verifyChecksums({ database, dialect, location, migrations }: MigrationContext): Promise<void> {
  const tables = await database.introspection.getTables();
  if (!tables.some(({ name }) => name === checksumTable)) return;
  for (const { name, checksum } of await database.selectFrom(checksumTable).selectAll().execute()) {
    const migration = migrations[name];
    if (migration === undefined) throw tooNew(location, name);
    if ((await migrationChecksum(migration, dialect)) !== checksum) throw changed(location, name);
  }
}

/** Writes down the checksums of exactly those migrations that are applied now. */
async function noteChecksums(context: MigrationContext): Promise<MigrationStatus> {
  const { database, dialect, migrations } = context;
  await database.schema
    .createTable(checksumTable)
    .ifNotExists()
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("checksum", "text", (column) => column.notNull())
    .execute();
  await database.deleteFrom(checksumTable).execute();
  const status = toStatus(await migratorOf(context).getMigrations());
  for (const { name } of status.applied) {
    const migration = migrations[name];
    if (migration === undefined) continue;
    const checksum = await migrationChecksum(migration, dialect);
    await database.insertInto(checksumTable).values({ name, checksum }).execute();
  }
  return status;
}

function toStatus(infos: readonly MigrationInfo[]): MigrationStatus {
  return {
    applied: infos.flatMap(({ name, executedAt }) => (executedAt ? [{ name, appliedAt: executedAt }] : [])),
    pending: infos.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name),
  };
}

function tooNew(location: string, name: string): ProxyError {
  return new ProxyError(
    "unavailable",
    `the database ${location} was written by a newer version: its migration ${name} is not known here; ` +
      "start that version, or undo the migration with it",
    { reason: "database_too_new" },
  );
}

function changed(location: string, name: string): ProxyError {
  return new ProxyError(
    "unavailable",
    `the migration ${name} is not the one that was applied to the database ${location}; ` +
      "use the version that applied it: a released migration is never changed",
    { reason: "migration_changed" },
  );
}

function unknownTarget(target: string, migrations: MigrationList): ProxyError {
  const names = ["latest", "none", ...Object.keys(migrations)].join(", ");
  return new ProxyError("invalid_request", `there is no migration ${target}; there are ${names}`, {
    field: "to",
  });
}
