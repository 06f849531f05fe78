/**
 * What a migration does, as a number that changes when it does something else.
 *
 * The sum is over the statements a migration runs, not over its source: the same migration has the same sum
 * whether it runs from sources, from a build or from a bundle.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Dialect, DummyDriver, Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The SHA-256, hexadecimal, of the statements `migration` runs up and down on a database of `dialect`. */
export async function migrationChecksum(migration: Migration, dialect: Dialect): Promise<string> {
  const hash = createHash("sha256");
  const database = new Kysely<unknown>({
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => dialect.createIntrospector(kysely),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    },
    log: ({ query }) => {
      hash.update(JSON.stringify([query.sql, query.parameters]));
    },
  });
  await migration.up(database);
  hash.update("down");
  await migration.down?.(database);
  await database.destroy();
  return hash.digest("hex");
}
