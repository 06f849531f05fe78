import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { describe, expect, it } from "vitest";
import type { StoreTables } from "../schema.ts";
import { createSqliteDialect } from "../sqlite/dialect.ts";
import { type MigrationList, migrations } from "./list.ts";
import { type MigrationContext, migrateDatabase, readMigrationStatus } from "./migrate.ts";

/** Migrations that make, and undo, one table each. */
const sample: MigrationList = {
  "0001-first": tableMigration("first"),
  "0002-second": tableMigration("second"),
  "0003-third": tableMigration("third"),
};

function tableMigration(table: string, column = "id"): MigrationList[string] {
  return {
    up: async ({ schema }) => {
      await schema.createTable(table).addColumn(column, "text").execute();
    },
    down: async ({ schema }) => {
      await schema.dropTable(table).execute();
    },
  };
}

/** An empty database in memory. */
function openDatabase(list: MigrationList = sample) {
  const raw = new DatabaseSync(":memory:");
  const dialect = createSqliteDialect(raw);
  const database = new Kysely<StoreTables>({ dialect });
  const context: MigrationContext = { database, dialect, location: "/data/test.db", migrations: list };
  const tables = () =>
    raw
      .prepare("select name from sqlite_schema where type = 'table' order by name")
      .all()
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("kysely_") && name !== "migration_checksum");
  return { context, raw, tables, [Symbol.asyncDispose]: () => database.destroy() };
}

const names = (list: MigrationList) => Object.keys(list);

describe("migrateDatabase", () => {
  it("applies everything to an empty database and tells when", async () => {
    await using database = openDatabase();
    const status = await migrateDatabase(database.context, "latest");
    expect(status.applied.map(({ name }) => name)).toEqual(names(sample));
    for (const { appliedAt } of status.applied) expect(appliedAt).toBeInstanceOf(Date);
    expect(status.pending).toEqual([]);
    expect(database.tables()).toEqual(["first", "second", "third"]);
  });

  it("does nothing the second time", async () => {
    await using database = openDatabase();
    const first = await migrateDatabase(database.context, "latest");
    expect(await migrateDatabase(database.context, "latest")).toEqual(first);
  });

  it.each([
    ["0002-second", ["first", "second"]],
    ["0001-first", ["first"]],
    ["none", []],
    ["latest", ["first", "second", "third"]],
  ])("goes to %s from everywhere", async (target, tables) => {
    for (const start of ["none", "0001-first", "0002-second", "latest"]) {
      await using database = openDatabase();
      await migrateDatabase(database.context, start);
      const status = await migrateDatabase(database.context, target);
      expect(database.tables(), start).toEqual(tables);
      expect(status.applied).toHaveLength(tables.length);
      expect(status.pending).toEqual(names(sample).slice(tables.length));
      expect(await readMigrationStatus(database.context)).toEqual(status);
    }
  });

  it("applies what a newer version adds", async () => {
    const { "0003-third": _third, ...older } = sample;
    await using database = openDatabase(older);
    await migrateDatabase(database.context, "latest");
    await migrateDatabase({ ...database.context, migrations: sample }, "latest");
    expect(database.tables()).toEqual(["first", "second", "third"]);
  });

  it("refuses a migration it does not know, naming those it does", async () => {
    await using database = openDatabase();
    for (const target of ["0004-fourth", "", "toString"])
      await expect(migrateDatabase(database.context, target)).rejects.toMatchObject({
        code: "invalid_request",
        field: "to",
        message: expect.stringContaining("latest, none, 0001-first, 0002-second, 0003-third"),
      });
    expect(database.tables()).toEqual([]);
  });

  it("leaves the database as it was when one of several fails", async () => {
    const broken: MigrationList = {
      ...sample,
      "0004-broken": {
        up: async (kysely) => {
          await kysely.schema.createTable("half").addColumn("id", "text").execute();
          throw new Error("power cut");
        },
      },
    };
    await using database = openDatabase(broken);
    await migrateDatabase(database.context, "0001-first");
    const before = await readMigrationStatus(database.context);
    await expect(migrateDatabase(database.context, "latest")).rejects.toThrow("power cut");
    expect(database.tables()).toEqual(["first"]);
    expect(await readMigrationStatus(database.context)).toEqual(before);
  });

  it("refuses a database of a newer version, naming the file and the migration", async () => {
    await using database = openDatabase();
    await migrateDatabase(database.context, "latest");
    const { "0003-third": _third, ...older } = sample;
    const refusal = {
      code: "unavailable",
      reason: "database_too_new",
      message: expect.stringMatching(/\/data\/test\.db.*0003-third/s),
    };
    const context = { ...database.context, migrations: older };
    await expect(migrateDatabase(context, "latest")).rejects.toMatchObject(refusal);
    await expect(migrateDatabase(context, "none")).rejects.toMatchObject(refusal);
    await expect(readMigrationStatus(context)).rejects.toMatchObject(refusal);
    expect(database.tables()).toEqual(["first", "second", "third"]);
  });

  it.each([
    ["up", tableMigration("second", "another")],
    ["down", { ...tableMigration("second"), down: async () => {} }],
  ])("refuses an applied migration whose %s was changed, naming it", async (_what, migration) => {
    await using database = openDatabase();
    await migrateDatabase(database.context, "latest");
    const context = { ...database.context, migrations: { ...sample, "0002-second": migration } };
    const refusal = {
      code: "unavailable",
      reason: "migration_changed",
      message: expect.stringContaining("0002-second"),
    };
    await expect(migrateDatabase(context, "latest")).rejects.toMatchObject(refusal);
    await expect(readMigrationStatus(context)).rejects.toMatchObject(refusal);
  });

  it("lets a migration be changed as long as it is not applied", async () => {
    await using database = openDatabase();
    await migrateDatabase(database.context, "0001-first");
    const changed = { ...sample, "0002-second": tableMigration("second", "another") };
    const status = await migrateDatabase({ ...database.context, migrations: changed }, "latest");
    expect(status.pending).toEqual([]);
  });

  it("forgets the checksum of what it undoes", async () => {
    await using database = openDatabase();
    await migrateDatabase(database.context, "latest");
    await migrateDatabase(database.context, "0001-first");
    const changed = { ...sample, "0002-second": tableMigration("second", "another") };
    await migrateDatabase({ ...database.context, migrations: changed }, "latest");
    expect(database.tables()).toEqual(["first", "second", "third"]);
  });
});

describe("readMigrationStatus", () => {
  it("tells that everything is pending in an empty database, and changes nothing", async () => {
    await using database = openDatabase();
    expect(await readMigrationStatus(database.context)).toEqual({ applied: [], pending: names(sample) });
    expect(database.raw.prepare("select count(*) as count from sqlite_schema").get()).toEqual({ count: 0 });
  });
});

describe("migrations", () => {
  it("have names that sort in the order they are listed", () => {
    expect(names(migrations)).toEqual(names(migrations).sort());
    for (const name of names(migrations)) expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/);
  });

  it("can be undone one by one until nothing is left, and applied again", async () => {
    await using database = openDatabase(migrations);
    const schema = () => database.raw.prepare("select sql from sqlite_schema order by name").all();
    await migrateDatabase(database.context, "latest");
    const before = schema();
    for (const name of names(migrations).reverse()) await migrateDatabase(database.context, name);
    await migrateDatabase(database.context, "none");
    expect(database.tables()).toEqual([]);
    await migrateDatabase(database.context, "latest");
    expect(schema()).toEqual(before);
  });
});
