import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { afterAll, describe, expect, it } from "vitest";
import { createSqliteDialect } from "../sqlite/dialect.ts";
import { migrationChecksum } from "./checksum.ts";
import { migrations } from "./list.ts";

const raw = new DatabaseSync(":memory:");
const dialect = createSqliteDialect(raw);
afterAll(() => raw.close());

/** What each released migration does, for good. A line here is added, never changed. */
const released: Readonly<Record<string, string>> = {
  "0001-projects-keys-calls": "8b40f4f5f9f918c55dcedcfb8f0692f9854189233d46b7e073ccd1536ce59603",
  "0002-cache-write-tokens": "925060b531becca7efd2b947cb9bbbf2dcf176a414de08b36e5f47f32f34d785",
};

describe("migrationChecksum", () => {
  it("is the released one for every migration", async () => {
    const sums: Record<string, string> = {};
    for (const [name, migration] of Object.entries(migrations))
      sums[name] = await migrationChecksum(migration, dialect);
    expect(sums).toEqual(released);
  });

  it("runs nothing", async () => {
    for (const migration of Object.values(migrations)) await migrationChecksum(migration, dialect);
    expect(raw.prepare("select count(*) as count from sqlite_schema").get()).toEqual({ count: 0 });
  });

  const base: Migration = {
    up: async (database) => {
      await sql`update t set a = ${1}`.execute(database);
    },
    down: async (database) => {
      await sql`update t set a = ${2}`.execute(database);
    },
  };
  const others: Readonly<Record<string, Migration>> = {
    "another statement": { ...base, up: async (database) => void (await sql`select 1`.execute(database)) },
    "another value": {
      ...base,
      up: async (database) => void (await sql`update t set a = ${3}`.execute(database)),
    },
    "nothing done": { ...base, up: async () => {} },
    "nothing undone": { up: base.up },
    "down and up exchanged": { up: base.down ?? base.up, down: base.up },
    "what is undone done too": {
      up: async (database) => {
        await base.up(database);
        await base.down?.(database);
      },
    },
  };
  it("differs for every difference in what is done", async () => {
    const all = [base, ...Object.values(others)];
    const sums = await Promise.all(all.map((migration) => migrationChecksum(migration, dialect)));
    expect(new Set(sums).size).toBe(all.length);
  });

  it("does not depend on how the migration is written", async () => {
    const rewritten: Migration = {
      async up(database) {
        const value = 2 - 1;
        await sql`update t set a = ${value}`.execute(database);
      },
      ...(base.down && { down: base.down }),
    };
    expect(await migrationChecksum(rewritten, dialect)).toBe(await migrationChecksum(base, dialect));
  });
});
