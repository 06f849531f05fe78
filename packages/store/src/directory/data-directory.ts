/**
 * The directory everything is kept in.
 *
 * @module
 */

import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
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
    await mkdir(directory, { recursive: true, mode: ownerOnly });
    if (!(await stat(directory)).isDirectory()) throw unusable(directory, "it is not a directory");
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw ProxyError.is(error) ? error : unusable(directory, reasonOf(error), error);
  }
  return directory;
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
