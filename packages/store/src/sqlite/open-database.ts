/**
 * Opens a database file the way it must be opened.
 *
 * Runs in the worker: every call here blocks.
 *
 * @module
 */

import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ProxyError } from "@llmproxy/spec";
import { fromSqliteError } from "./sqlite-errors.ts";

/** Which file, and how. */
export interface OpenDatabaseOptions {
  /** Absolute path of the file; made when it is missing, unless `readOnly`. */
  readonly path: string;
  /** Opens an existing file and never writes. */
  readonly readOnly: boolean;
  /** How long a statement waits for a lock of another process. */
  readonly busyTimeoutMs: number;
}

const ownerOnly = 0o600;

/**
 * Opens the file (mode 0600), sets how it is written and checks that it is sound.
 *
 * A commit is on the disk when it returns: WAL with `synchronous=FULL` syncs the log at every commit. Foreign keys
 * are enforced, which SQLite does only when told so.
 *
 * @throws `unavailable`, naming the file and what would help
 */
export function openDatabase({ path, readOnly, busyTimeoutMs }: OpenDatabaseOptions): DatabaseSync {
  if (!readOnly) makePrivate(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, {
      readOnly,
      timeout: busyTimeoutMs,
      enableForeignKeyConstraints: true,
    });
    if (!readOnly) database.exec("pragma journal_mode = wal; pragma synchronous = full");
    checkIntegrity(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw fromSqliteError(error, path);
  }
}

/** Makes the file before SQLite would with a wider mode; the files beside it inherit its mode. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "a", ownerOnly));
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, ownerOnly);
  } catch (error) {
    throw new ProxyError("unavailable", `the database ${path} cannot be written: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function checkIntegrity(database: DatabaseSync, path: string): void {
  const findings = database.prepare("pragma quick_check(1)").all();
  const finding = Object.values(findings[0] ?? {})[0];
  if (finding === "ok") return;
  throw new ProxyError(
    "unavailable",
    `the database ${path} is damaged: restore a backup, or recover what can be with sqlite3's .recover`,
    { reason: "database_damaged", cause: new Error(String(finding)) },
  );
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "check the owner and mode of the file and its directory",
  EPERM: "check the owner of the file",
  EROFS: "it is on a read-only file system",
  ENOENT: "its directory does not exist",
  ENOTDIR: "its directory is a file",
  EISDIR: "it is a directory; name a file",
  ENOSPC: "the disk is full",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? "check the file and its directory";
}
