/**
 * Tokens written to a vendor's prompt cache.
 *
 * @module
 */

import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Columns for tokens written to a prompt cache, for its usual time and for an hour. */
export const cacheWriteTokens: Migration = {
  async up({ schema }: Kysely<unknown>) {
    // One column a statement: SQLite's ALTER TABLE takes no more.
    for (const column of columns) await schema.alterTable("call").addColumn(column, "bigint").execute();
  },
  async down({ schema }: Kysely<unknown>) {
    for (const column of columns) await schema.alterTable("call").dropColumn(column).execute();
  },
};

const columns = ["cache_write_tokens", "cache_write_hour_tokens"];
