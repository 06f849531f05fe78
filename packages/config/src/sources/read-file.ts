/**
 * Reads small files: configuration and secrets.
 *
 * @module
 */

import { type FileHandle, open } from "node:fs/promises";
import { userInfo } from "node:os";

/** What was read of a file. */
export interface FileContent {
  /** At most as many bytes as asked for. */
  readonly bytes: Uint8Array;
  /** Whether the file goes on after them. */
  readonly isTruncated: boolean;
  /** The permission bits, e.g. `0o600`; undefined where the system has none. */
  readonly mode: number | undefined;
  /** Whether this process runs as the file's owner; undefined where that is not known. */
  readonly isOwn?: boolean | undefined;
}

/**
 * Reads the beginning of a file, at most `maxBytes`. Rejects with an error whose `code` is `ENOENT` when there
 * is no such file.
 */
export type ReadFile = (path: string, maxBytes: number) => Promise<FileContent>;

/** Reads from this machine's file system; pipes such as `/dev/fd/63` as well as regular files. */
export async function readSystemFile(path: string, maxBytes: number): Promise<FileContent> {
  const handle = await open(path, "r");
  try {
    const { mode, uid } = await handle.stat();
    const bytes = await readAtMost(handle, maxBytes + 1);
    return {
      bytes: bytes.subarray(0, maxBytes),
      isTruncated: bytes.length > maxBytes,
      // Windows keeps access lists; its mode bits tell nothing about who may read.
      mode: process.platform === "win32" ? undefined : mode & 0o777,
      isOwn: uid === userInfo().uid,
    };
  } finally {
    await handle.close();
  }
}

/** Says why a file could not be read, without its path. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "does not exist";
  if (code === "EISDIR") return "is a directory, should be a file";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this process";
  return typeof code === "string" ? `cannot be read (${code})` : "cannot be read";
}

async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < maxBytes) {
    const { bytesRead, buffer } = await handle.read({
      buffer: new Uint8Array(Math.min(65_536, maxBytes - length)),
    });
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}
