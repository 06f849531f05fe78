/**
 * The directory everything is kept in.
 *
 * @module
 */

import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ProxyError } from "@llmproxy/spec";

const ownerOnly = 0o700;

/**
 * Makes a directory, with those above it, of mode 0700. One that exists keeps its mode: it may serve others too.
 *
 * @param path - relative to the working directory, or absolute
 * @returns its absolute path
 * @throws `unavailable` when it cannot be made, is no directory, or cannot be written
 */
export async function prepareDataDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  try {
    await makeDirectory(directory);
    if (!(await stat(directory)).isDirectory()) throw unusable(directory, "it is not a directory");
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw ProxyError.is(error) ? error : unusable(directory, reasonOf(error), error);
  }
  return directory;
}

/**
 * Makes one after another from the top: Node's own recursive `mkdir` never ends where a parent says that what is to
 * be made does not exist, as `/proc` does.
 */
async function makeDirectory(directory: string): Promise<void> {
  if (await exists(directory)) return;
  await makeDirectory(dirname(directory));
  await mkdir(directory, { mode: ownerOnly }).catch(async (error: unknown) => {
    // Another process may have made it meanwhile.
    if (!(await exists(directory))) throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

function unusable(directory: string, reason: string, cause?: unknown): ProxyError {
  return new ProxyError("unavailable", `the data directory ${directory} cannot be used: ${reason}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: "it is not a directory",
  ENOTDIR: "a part of its path is not a directory",
  EACCES: "it must be readable and writable by this user",
  EPERM: "it must be readable and writable by this user",
  EROFS: "it is on a read-only file system",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "its path is too long",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? "check its path";
}
