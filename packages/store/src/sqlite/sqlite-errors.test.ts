import { DatabaseSync } from "node:sqlite";
import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { fromSqliteError, isBusy, violationOf } from "./sqlite-errors.ts";

/** What `node:sqlite` throws for a result code. */
const sqliteError = (errcode: number) =>
  Object.assign(new Error("from sqlite"), { code: "ERR_SQLITE_ERROR", errcode });

/** What SQLite really throws for a statement. */
function thrownBy(statement: string): unknown {
  const database = new DatabaseSync(":memory:");
  database.exec(`pragma foreign_keys = on;
    create table parent (id text primary key not null, name text unique, age integer not null, check (age > 0));
    create table child (id text primary key, parent text references parent (id));
    insert into parent values ('a', 'first', 1)`);
  try {
    database.exec(statement);
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
  throw new Error("the statement succeeded");
}

describe("violationOf", () => {
  it.each([
    ["a primary key", "insert into parent values ('a', 'other', 1)", "unique"],
    ["a unique column", "insert into parent values ('b', 'first', 1)", "unique"],
    [
      "a unique column in an update",
      "insert into parent values ('b', 'b', 1); update parent set name = 'x'",
      "unique",
    ],
    ["a foreign key", "insert into child values ('c', 'nobody')", "foreign-key"],
    ["a column that may not be null", "insert into parent values ('b', 'b', null)", undefined],
    ["a check", "insert into parent values ('b', 'b', 0)", undefined],
    ["the grammar", "insert parent", undefined],
  ])("reads a violation of %s", (_what, statement, violation) => {
    expect(violationOf(thrownBy(statement))).toBe(violation);
  });

  it.each([undefined, null, "text", new Error("plain"), { errcode: 2067 }])("reads none from %s", (error) => {
    expect(violationOf(error)).toBeUndefined();
  });
});

describe("fromSqliteError", () => {
  it.each([
    [5, "locked by another process"],
    [261, "locked by another process"], // SQLITE_BUSY_RECOVERY
    [8, "read-only"],
    [776, "read-only"], // SQLITE_READONLY_ROLLBACK
    [778, "cannot be read or written"], // SQLITE_IOERR_WRITE
    [11, "damaged"],
    [267, "damaged"], // SQLITE_CORRUPT_VTAB
    [13, "the disk is full"],
    [14, "cannot be opened"],
    [26, "not an SQLite database"],
    [1, "cannot be used"], // SQLITE_ERROR
    [21, "cannot be used"], // SQLITE_MISUSE
  ])("makes result code %d unavailable and says why", (code, message) => {
    const cause = sqliteError(code);
    expect(fromSqliteError(cause, "/data/store.db")).toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(new RegExp(`^the database /data/store.db .*${message}`)),
      cause,
    });
  });

  it.each([
    ["a broken constraint", sqliteError(19)],
    ["a broken constraint of a column", sqliteError(1_299)],
    ["a value that is too large", sqliteError(18)],
    ["a value of the wrong kind", sqliteError(20)],
    ["an error that is not SQLite's", new TypeError("startedAt is undefined")],
    ["what is no error", "text"],
  ])("makes %s internal, and tells nothing of it", (_what, error) => {
    expect(fromSqliteError(error, "/data/store.db")).toMatchObject({
      code: "internal",
      message: "internal error",
    });
  });

  it("passes on what is a ProxyError already", () => {
    const error = new ProxyError("conflict", "taken");
    expect(fromSqliteError(error, "/data/store.db")).toBe(error);
  });
});

describe("isBusy", () => {
  it.each([
    [sqliteError(5), true],
    [sqliteError(517), true], // SQLITE_BUSY_SNAPSHOT
    [sqliteError(6), false],
    [sqliteError(0), false],
    [new Error("plain"), false],
    ["text", false],
  ])("judges %s as %s", (error, busy) => {
    expect(isBusy(error)).toBe(busy);
  });
});
