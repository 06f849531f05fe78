/**
 * What has been done to a database's tables.
 *
 * @module
 */

/** A migration that has been applied. */
export interface AppliedMigration {
  /** E.g. `0001-projects-keys-calls`. */
  readonly name: string;
  readonly appliedAt: Date;
}

/** Which migrations of this version a database has; in the order they are applied. */
export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  /** Names of those it does not have. */
  readonly pending: readonly string[];
}

/** Which migrations should be applied: all, none, or those up to and including the one of this name. */
export type MigrationTarget = "latest" | "none" | (string & {});
