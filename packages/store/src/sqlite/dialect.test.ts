import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryDirectory } from "@llmproxy/testing";
import { Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { createSqliteDialect } from "./dialect.ts";

interface Tables {
  t: { id: number; text: string | null };
}

function open(path = ":memory:") {
  const raw = new DatabaseSync(path, { timeout: 0 });
  const prepared: string[] = [];
  const prepare = raw.prepare.bind(raw);
  raw.prepare = (text) => {
    prepared.push(text);
    return prepare(text);
  };
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  return { raw, prepared, database, [Symbol.asyncDispose]: () => database.destroy() };
}

describe("createSqliteDialect", () => {
  it("runs statements that give rows and statements that do not", async () => {
    await using connection = open();
    const { database } = connection;
    await sql`create table t (id integer primary key, text text)`.execute(database);
    const { insertId } = await database.insertInto("t").values({ id: 7, text: null }).executeTakeFirst();
    expect(insertId).toBe(7n);
    expect(await database.insertInto("t").values({ id: 8, text: "b" }).returningAll().execute()).toEqual([
      { id: 8, text: "b" },
    ]);
    expect((await database.updateTable("t").set({ text: "c" }).executeTakeFirst()).numUpdatedRows).toBe(2n);
    const streamed = [];
    for await (const row of database.selectFrom("t").selectAll().orderBy("id").stream()) streamed.push(row);
    expect(streamed).toEqual([
      { id: 7, text: "c" },
      { id: 8, text: "c" },
    ]);
  });

  it("prepares a statement once, and forgets those not used for long", async () => {
    await using connection = open();
    const { database, prepared } = connection;
    const select = (number: number) => sql.raw(`select ${number} as n`).execute(database);
    const count = (number: number) => prepared.filter((text) => text === `select ${number} as n`).length;
    for (let number = 0; number < 200; number++) {
      await select(number);
      await select(0);
    }
    expect([count(0), count(1), count(199)]).toEqual([1, 1, 1]);
    await select(1);
    await select(199);
    expect([count(0), count(1), count(199)]).toEqual([1, 2, 1]);
  });

  it("takes the write lock when a transaction begins", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    await using connection = open(path);
    const other = new DatabaseSync(path, { timeout: 0 });
    await connection.database.transaction().execute(async () => {
      expect(() => other.exec("begin immediate")).toThrow("locked");
    });
    other.exec("begin immediate; rollback");
    other.close();
  });

  it("undoes changes of tables with their transaction", async () => {
    await using connection = open();
    const failed = connection.database.transaction().execute(async (transaction) => {
      await transaction.schema.createTable("t").addColumn("id", "integer").execute();
      throw new Error("undone");
    });
    await expect(failed).rejects.toThrow("undone");
    expect(await connection.database.introspection.getTables()).toEqual([]);
  });

  it("tells why a transaction failed that SQLite has undone by itself", async () => {
    await using connection = open();
    const { raw, database } = connection;
    raw.exec("create table t (id integer, text text); pragma max_page_count = 10");
    const failed = database.transaction().execute((transaction) =>
      transaction
        .insertInto("t")
        .values({ id: 1, text: "x".repeat(100_000) })
        .execute(),
    );
    await expect(failed).rejects.toThrow("database or disk is full");
    await database
      .transaction()
      .execute((transaction) => transaction.insertInto("t").values({ id: 2, text: null }).execute());
    expect(await database.selectFrom("t").select("id").execute()).toEqual([{ id: 2 }]);
  });

  it("keeps others out of a transaction that is under way", async () => {
    await using connection = open();
    const { database } = connection;
    await sql`create table t (id integer, text text)`.execute(database);
    const insert = (kysely: Kysely<Tables>, id: number) =>
      kysely.insertInto("t").values({ id, text: null }).execute();
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const failed = database.transaction().execute(async (transaction) => {
      await insert(transaction, 1);
      entered.resolve();
      await leave.promise;
      throw new Error("undone");
    });
    await entered.promise;
    const outside = insert(database, 2);
    leave.resolve();
    await expect(failed).rejects.toThrow("undone");
    await outside;
    expect(await database.selectFrom("t").select("id").execute()).toEqual([{ id: 2 }]);
  });

  it("closes the database it was given", async () => {
    const { raw, database } = open();
    await sql`select 1`.execute(database);
    await database.destroy();
    expect(raw.isOpen).toBe(false);
  });
});
