/**
 * Writes a file so that whoever reads it sees the old content or the new one, also after a power cut.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A new file may come to hold secrets. */
const newFileMode = 0o600;

/**
 * Writes a text beside a file and renames it over the file. Mode and owner stay; a symbolic link stays one, and
 * what it leads to is written.
 */
export async function saveFile(path: string, text: string): Promise<void> {
  const existing = await unlessMissing(stat(path));
  const target = existing ? await realpath(path) : path;
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  try {
    await writeNew(temporary, text, existing);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(target));
}

async function writeNew(path: string, text: string, existing: Stats | undefined): Promise<void> {
  const handle = await open(path, "wx", newFileMode);
  try {
    await handle.writeFile(text);
    if (existing) await keepOwner(handle, existing);
    // After the owner: a change of owner may take bits away.
    await handle.chmod(existing ? existing.mode & 0o777 : newFileMode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An administrator may edit a file that the server, as another user, must still be able to read. */
async function keepOwner(handle: FileHandle, { uid, gid }: Stats): Promise<void> {
  const now = await handle.stat();
  if (now.uid !== uid || now.gid !== gid) await handle.chown(uid, gid);
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
