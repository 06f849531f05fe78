import { chmod, mkdir, open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { openDatabase } from "./open-database.ts";

const options = (path: string) => ({ path, readOnly: false, busyTimeoutMs: 50 });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** A database with a table of `rows` rows of 1 KB. */
function writeRows(path: string, rows: number): void {
  const database = openDatabase(options(path));
  database.exec("begin; create table t (id integer primary key, text text)");
  const insert = database.prepare("insert into t (text) values (?)");
  for (let index = 0; index < rows; index++) insert.run("x".repeat(1_024));
  database.exec("commit");
  database.close();
}

describe("openDatabase", () => {
  it.each([
    ["journal_mode", "wal"],
    ["synchronous", 2],
    ["foreign_keys", 1],
    ["busy_timeout", 50],
  ])("sets %s to %s", async (pragma, expected) => {
    await using directory = await temporaryDirectory();
    const database = openDatabase(options(join(directory.path, "store.db")));
    expect(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})).toEqual([expected]);
    database.close();
  });

  it("makes the file and those beside it readable by their owner only", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const database = openDatabase(options(path));
    database.exec("create table t (id integer)");
    for (const suffix of ["", "-wal", "-shm"]) expect(await modeOf(`${path}${suffix}`), suffix).toBe("600");
    database.close();
  });

  it("takes the rights of others away from a file that is there", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    await writeFile(path, "", { mode: 0o644 });
    openDatabase(options(path)).close();
    expect(await modeOf(path)).toBe("600");
  });

  it("leaves no file beside the database when it is closed", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 10);
    await expect(stat(`${path}-wal`)).rejects.toThrow("ENOENT");
  });

  it("waits for a lock as long as it was told and then says that the file is locked", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const other = openDatabase(options(path));
    other.exec("pragma locking_mode = exclusive; begin exclusive; create table t (id integer)");
    expect(() => openDatabase(options(path))).toThrow(
      expect.objectContaining({
        code: "unavailable",
        message: expect.stringContaining(`${path} is locked by another process`),
      }),
    );
    other.close();
  });

  it("keeps what a killed process had committed and nothing else", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const database = openDatabase(options(path));
    database.exec("create table t (id integer); insert into t values (1)");
    database.exec("begin; insert into t values (2)");
    // What is on the disk now is what a kill would leave: a write-ahead log that was never checkpointed.
    const copy = join(directory.path, "copy.db");
    for (const suffix of ["", "-wal"])
      await writeFile(`${copy}${suffix}`, await readFile(`${path}${suffix}`));
    database.close();
    const reopened = openDatabase(options(copy));
    expect(reopened.prepare("select id from t").all()).toEqual([{ id: 1 }]);
    reopened.close();
  });
});

describe("openDatabase of what it cannot use", () => {
  const refusal = (path: string, message: string) =>
    expect.objectContaining({
      code: "unavailable",
      message: expect.stringMatching(new RegExp(`${path}.*${message}`)),
    });

  it("refuses a file that is no database", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    await writeFile(path, "This is a letter, not a database. ".repeat(200));
    const before = await readFile(path);
    expect(() => openDatabase(options(path))).toThrow(
      refusal(path, "is not an SQLite database: name another"),
    );
    expect(await readFile(path)).toEqual(before);
  });

  it.each([
    ["in a page of rows", 20, 4_096],
    ["in half of the file", 50, 100_000],
  ])("refuses a database damaged %s", async (_where, page, length) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 300);
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(length, 0x5a), 0, length, page * 4_096);
    await file.close();
    expect(() => openDatabase(options(path))).toThrow(refusal(path, "is damaged: restore a backup"));
  });

  it("refuses a database whose end is missing", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 300);
    const file = await open(path, "r+");
    await file.truncate(40 * 4_096);
    await file.close();
    expect(() => openDatabase(options(path))).toThrow(refusal(path, "is damaged: restore a backup"));
  });

  it.each([
    ["a directory", "directory", "it is a directory"],
    ["a file in a directory that is not there", "missing/store.db", "its directory does not exist"],
    ["a file below a file", "file/store.db", "its directory is a file"],
  ])("refuses %s", async (_what, name, message) => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, "directory"));
    await writeFile(join(directory.path, "file"), "");
    const path = join(directory.path, name);
    expect(() => openDatabase(options(path))).toThrow(refusal(path, message));
  });

  it.skipIf(process.getuid?.() === 0)("refuses a file it may not write", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 1);
    await chmod(path, 0o400);
    expect(() => openDatabase(options(path))).toThrow(refusal(path, "check the owner and mode"));
  });
});

describe("openDatabase for reading", () => {
  it("reads what is there and writes nothing", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 3);
    const database = openDatabase({ ...options(path), readOnly: true });
    expect(database.prepare("select count(*) as count from t").get()).toEqual({ count: 3 });
    expect(() => database.exec("delete from t")).toThrow("readonly");
    database.close();
  });

  it("reads while another process has the database open", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    writeRows(path, 3);
    const writer = openDatabase(options(path));
    writer.exec("begin immediate; delete from t where id = 1");
    const reader = openDatabase({ ...options(path), readOnly: true });
    expect(reader.prepare("select count(*) as count from t").get()).toEqual({ count: 3 });
    writer.exec("commit");
    expect(reader.prepare("select count(*) as count from t").get()).toEqual({ count: 2 });
    reader.close();
    writer.close();
  });

  it("does not make a file", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    expect(() => openDatabase({ ...options(path), readOnly: true })).toThrow(
      expect.objectContaining({ code: "unavailable", message: expect.stringContaining(path) }),
    );
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("leaves the mode of the file alone", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    new DatabaseSync(path).close();
    await chmod(path, 0o640);
    openDatabase({ ...options(path), readOnly: true }).close();
    expect(await modeOf(path)).toBe("640");
  });
});
