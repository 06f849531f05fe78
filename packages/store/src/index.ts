export { prepareDataDirectory } from "./directory/data-directory.ts";
export {
  type AcquireOwnerLockOptions,
  acquireOwnerLock,
  type Owner,
  type OwnerLock,
  readOwnerLock,
} from "./directory/owner-lock.ts";
export { createMemoryStore, type MemoryStoreOptions } from "./memory/memory-store.ts";
export type { AppliedMigration, MigrationStatus, MigrationTarget } from "./migrations/status.ts";
export {
  type MigrateOptions,
  type MigrationStatusOptions,
  migrate,
  migrationStatus,
} from "./sqlite/migrate-sqlite.ts";
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./sqlite/open-sqlite-store.ts";
