/**
 * Whether a server can keep its data where it should.
 *
 * @module
 */

import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { readOwnerLock } from "@llmproxy/store";
import { type Check, type Checkup, fail, failedBy, ok, warn } from "./checkup.ts";

const gib = 1024 ** 3;
const leastFreeBytes = 0.1 * gib;
const comfortableFreeBytes = gib;

/** The directory, who owns it, and how much fits into it. Nothing is made. */
export async function checkDataDirectory({ dataDirectory }: Checkup): Promise<readonly Check[]> {
  const existing = await nearestExisting(dataDirectory);
  const usable = await usableCheck(dataDirectory, existing);
  if (usable.status === "fail") return [usable];
  const owner = existing === dataDirectory ? [await ownerCheck(dataDirectory)] : [];
  return [usable, ...owner, await spaceCheck(existing)];
}

/** The directory, or the nearest above it that is there. */
async function nearestExisting(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    (reason: NodeJS.ErrnoException) => reason.code !== "ENOENT",
  );
  return isThere || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function usableCheck(directory: string, existing: string): Promise<Check> {
  const name = "data directory";
  const found = await stat(existing);
  if (!found.isDirectory())
    return fail(name, `${existing} is not a directory`, "give another one with --data-dir");
  const isWritable = await access(existing, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable)
    return fail(
      name,
      `${existing} cannot be written by this user`,
      `chown it, or give another one with --data-dir`,
    );
  if (existing !== directory) return ok(name, `${directory} will be made at the first start`);
  if ((found.mode & 0o077) === 0) return ok(name, `${directory} is its owner's alone`);
  return warn(name, `${directory} can be entered by others`, `chmod 700 ${directory}`);
}

async function ownerCheck(directory: string): Promise<Check> {
  try {
    const owner = await readOwnerLock(directory);
    if (!owner) return ok("owner", "no server runs on it");
    const { pid, url, startedAt } = owner;
    const where = url === undefined ? "which is starting" : `at ${url}`;
    return ok("owner", `process ${pid} ${where}, since ${startedAt.toISOString()}`);
  } catch (reason) {
    return failedBy("owner", reason, "the data directory must be on a local disk");
  }
}

async function spaceCheck(existing: string): Promise<Check> {
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const message = `${(free / gib).toFixed(1)} GiB free`;
  if (free < leastFreeBytes) return fail("disk", message, "make room: a full disk stops every write");
  if (free < comfortableFreeBytes)
    return warn("disk", message, "make room before the records of calls fill it");
  return ok("disk", message);
}
