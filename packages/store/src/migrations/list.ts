/**
 * Every migration, by its name.
 *
 * Names begin with a number and are applied in their order. A migration that has been released is never changed:
 * databases remember what it did and refuse to be opened by another version of it. To change the tables, add one.
 *
 * @module
 */

import type { Migration } from "kysely/migration";
import { projectsKeysCalls } from "./0001-projects-keys-calls.ts";
import { cacheWriteTokens } from "./0002-cache-write-tokens.ts";

/** Migrations by name. */
export type MigrationList = Readonly<Record<string, Migration>>;

/** The migrations of this version. */
export const migrations: MigrationList = {
  "0001-projects-keys-calls": projectsKeysCalls,
  "0002-cache-write-tokens": cacheWriteTokens,
};
