/**
 * One owner per data directory.
 *
 * The lock is held by the operating system, on the file `owner.lock`, and goes with its process however that ends:
 * there are no stale locks to judge, no process ids to compare (they are reused, and mean nothing in another
 * container), and nothing to take over by hand. SQLite takes the lock, because Node has no call for it. Beside it,
 * `owner.json` says who the owner is; it informs, and decides nothing.
 *
 * @module
 */

import { renameSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pid } from "node:process";
import { type Clock, ProxyError, systemClock } from "@llmproxy/spec";
import { type FileLock, isLocked, takeLock } from "./file-lock.ts";

/** Who owns a directory. */
export interface Owner {
  /** The owner's process id, as its own system counts. */
  readonly pid: number;
  /** Where it answers; absent until it does. */
  readonly url?: string;
  /** `rest` when it answers REST only and no RPC protocol; absent when it answers everything. */
  readonly surface?: "rest";
  readonly startedAt: Date;
}

/** What an owner says of itself, and its clock. */
export interface AcquireOwnerLockOptions {
  /** Where the owner answers, when that is known already. */
  readonly url?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** The right to a directory. Hold on to it: when it is garbage collected, the directory is free. */
export interface OwnerLock {
  /** Says where the owner answers, and what. @throws `unavailable` after the release */
  update(change: { readonly url: string; readonly surface?: "rest" }): Promise<void>;
  /** Gives the directory back; a second call does nothing. */
  release(): Promise<void>;
}

const lockName = "owner.lock";
const infoName = "owner.json";
/** Whoever looks at a lock holds it for an instant, and two that take it at once may both be refused at first. */
const patienceMs = 100;

/**
 * Makes this process the owner of a directory.
 *
 * @param directory - an existing directory on a local disk
 * @throws `conflict`, naming the owner's process id and URL, when there is one
 * @throws `unavailable` when the directory cannot be locked
 */
export async function acquireOwnerLock(
  directory: string,
  options: AcquireOwnerLockOptions = {},
): Promise<OwnerLock> {
  const { url, clock = systemClock } = options;
  const lock = attempt(directory, () => takeLock(join(directory, lockName), patienceMs));
  if (lock === undefined) throw alreadyOwned(directory, await readOwner(directory));
  const owner = { pid, startedAt: new Date(clock.now()), ...(url !== undefined && { url }) };
  try {
    // Nothing may come between the lock and this: whoever is refused reads at once who the owner is.
    attempt(directory, () => writeOwner(directory, owner));
  } catch (error) {
    lock.release();
    throw error;
  }
  return holdLock(directory, lock, owner);
}

/**
 * Tells who owns a directory; undefined when nobody does, whatever a process that is gone has left behind.
 *
 * @throws `unavailable` when that cannot be found out
 */
export async function readOwnerLock(directory: string): Promise<Owner | undefined> {
  if (!attempt(directory, () => isLocked(join(directory, lockName)))) return undefined;
  const owner = await readOwner(directory);
  if (owner !== undefined) return owner;
  throw new ProxyError(
    "unavailable",
    `the data directory ${directory} has an owner that does not say who it is`,
  );
}

function holdLock(directory: string, lock: FileLock, owner: Owner): OwnerLock {
  let released = false;
  return {
    async update(change) {
      if (released) throw new ProxyError("unavailable", `the data directory ${directory} has been released`);
      attempt(directory, () => writeOwner(directory, { ...owner, ...change }));
    },
    async release() {
      if (released) return;
      released = true;
      await rm(join(directory, infoName), { force: true });
      lock.release();
    },
  };
}

function attempt<T>(directory: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const message = `the data directory ${directory} cannot be locked: it must be a writable directory on a local disk`;
    throw new ProxyError("unavailable", message, { cause });
  }
}

/** Replaces the file as a whole: whoever reads it sees all of the old or all of the new. */
function writeOwner(directory: string, owner: Owner): void {
  const path = join(directory, infoName);
  writeFileSync(`${path}.new`, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Reads what the owner says of itself; whatever is wrong with the file, the lock is what counts. */
async function readOwner(directory: string): Promise<Owner | undefined> {
  try {
    return toOwner(JSON.parse(await readFile(join(directory, infoName), "utf8")));
  } catch {
    return undefined;
  }
}

function toOwner(value: unknown): Owner | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, url, surface, startedAt } = value as { [Name in keyof Owner]?: unknown };
  if (typeof pid !== "number" || typeof startedAt !== "string") return undefined;
  return {
    pid,
    startedAt: new Date(startedAt),
    ...(typeof url === "string" && { url }),
    ...(surface === "rest" && { surface }),
  };
}

function alreadyOwned(directory: string, owner: Owner | undefined): ProxyError {
  const who = owner === undefined ? "another process" : `process ${owner.pid}`;
  const where = owner?.url === undefined ? "" : ` at ${owner.url}`;
  return new ProxyError(
    "conflict",
    `the data directory ${directory} is in use by ${who}${where}: stop it, or choose another directory`,
    { reason: "data_directory_in_use" },
  );
}
