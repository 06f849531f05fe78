/**
 * What SQLite says, in our words.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import type { ViolationReader } from "../violation.ts";

const busyCode = 5; // SQLITE_BUSY

/** Extended result codes of constraints. @see https://www.sqlite.org/rescode.html */
const violations: ReadonlyMap<number, "unique" | "foreign-key"> = new Map([
  [2067, "unique"], // SQLITE_CONSTRAINT_UNIQUE
  [1555, "unique"], // SQLITE_CONSTRAINT_PRIMARYKEY
  [787, "foreign-key"], // SQLITE_CONSTRAINT_FOREIGNKEY
]);

/** Primary result codes by which SQLite refuses what it was given, rather than fails. */
const refusals: ReadonlySet<number> = new Set([
  18, // SQLITE_TOOBIG
  19, // SQLITE_CONSTRAINT
  20, // SQLITE_MISMATCH
]);

/** What stands in the way of a database that cannot answer, by primary result code, and what would help. */
const obstacles: ReadonlyMap<number, string> = new Map([
  [3, "may not be opened: check the owner and mode of the file"], // SQLITE_PERM
  [busyCode, "is locked by another process: end it, or wait until it is done"],
  [6, "is locked"], // SQLITE_LOCKED
  [7, "cannot be used because memory is short"], // SQLITE_NOMEM
  [8, "is read-only: check the owner and mode of the file and its directory"], // SQLITE_READONLY
  [10, "cannot be read or written: check the disk"], // SQLITE_IOERR
  [11, "is damaged: restore a backup, or recover what can be with sqlite3's .recover"], // SQLITE_CORRUPT
  [13, "cannot grow: the disk is full"], // SQLITE_FULL
  [14, "cannot be opened: check that its directory exists and may be written"], // SQLITE_CANTOPEN
  [15, "is locked in a way that is not supported here: keep it on a local disk"], // SQLITE_PROTOCOL
  [26, "is not an SQLite database: name another file, or restore a backup"], // SQLITE_NOTADB
]);

/** Reads the constraint SQLite names. */
export const violationOf: ViolationReader = (error) => violations.get(resultCodeOf(error) ?? 0);

/**
 * Turns whatever a statement threw into a `ProxyError`: one passes through, a database that fails becomes
 * `unavailable`, anything else, such as a value it refuses, `internal`.
 *
 * @param location - the database file, named in the message
 */
export function fromSqliteError(error: unknown, location: string): ProxyError {
  const code = primaryCodeOf(error);
  if (ProxyError.is(error) || code === undefined || refusals.has(code)) return ProxyError.from(error);
  const obstacle = obstacles.get(code) ?? "cannot be used";
  return new ProxyError("unavailable", `the database ${location} ${obstacle}`, { cause: error });
}

/** Whether an error says that somebody else has the lock. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === busyCode;
}

function primaryCodeOf(error: unknown): number | undefined {
  const code = resultCodeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

/** The extended result code of an error of `node:sqlite`. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}
