/**
 * A lock the operating system holds for a process, by way of SQLite.
 *
 * The file stays empty; SQLite locks bytes of it. It must not be opened by anything but SQLite in a process that
 * holds the lock: closing any descriptor of a file gives up all POSIX locks the process has on it (fcntl(2)).
 *
 * @module
 */

import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "../sqlite/sqlite-errors.ts";

/** A lock that is held, until it is released or its process ends. */
export interface FileLock {
  /** Lets others have it. */
  release(): void;
}

/**
 * Takes the lock on a file, which is made with mode 0600 when it is missing.
 *
 * @param patienceMs - how long this may block while somebody else has it
 * @returns undefined when another process, or another holder in this one, has it
 * @throws what `node:sqlite` throws when the file cannot be locked at all
 */
export function takeLock(path: string, patienceMs: number): FileLock | undefined {
  makePrivate(path);
  const database = new DatabaseSync(path, { timeout: patienceMs });
  try {
    // Without this SQLite would put a journal beside the file, which a killed process leaves behind.
    database.exec("pragma journal_mode = memory; begin exclusive");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Whether somebody holds the lock on a file. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { timeout: 0, readOnly: true });
  try {
    database.prepare("select count(*) from sqlite_schema").get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

/** Makes the file unless it is there; one that is there must not be touched, see above. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}
