import { stat } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { migrate, migrationStatus } from "./migrate-sqlite.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";

const first = "0001-projects-keys-calls";

describe("migrate", () => {
  it("undoes everything and applies it again", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const store = await openSqliteStore({ path });
    await store.close();
    const undone = await migrate({ path, to: "none" });
    expect(undone.applied).toEqual([]);
    expect(undone.pending[0]).toBe(first);
    expect(await migrationStatus({ path })).toEqual(undone);
    const applied = await migrate({ path });
    expect(applied.applied.map(({ name }) => name)).toEqual(undone.pending);
    expect(applied.pending).toEqual([]);
    expect(await migrationStatus({ path })).toEqual(applied);
  });

  it("makes a file that is not there", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    expect((await migrate({ path, to: first })).applied.map(({ name }) => name)).toEqual([first]);
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("600");
  });

  it("refuses a migration that is not there", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    await expect(migrate({ path, to: "0000-nothing" })).rejects.toMatchObject({
      name: "ProxyError",
      code: "invalid_request",
      field: "to",
    });
  });
});

describe("migrationStatus", () => {
  it("refuses a file that is not there, and does not make it", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    await expect(migrationStatus({ path })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(path),
    });
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("reads while a store has the file open", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const store = await openSqliteStore({ path });
    expect(await migrationStatus({ path })).toEqual(store.migrations);
    await store.close();
  });
});
