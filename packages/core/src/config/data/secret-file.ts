/**
 * Small files that only their owner may read.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProxyError } from "@llmproxy/spec";

/**
 * Writes a file of mode 0600 so that after a crash there is the whole file or none: temporary file, fsync,
 * rename, fsync of the folder.
 *
 * @param path - replaced if it exists
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (reason) {
    await rm(temporary, { force: true });
    throw reason;
  }
  const folder = await open(dirname(path), "r");
  await folder.sync().finally(() => folder.close());
}

/**
 * Reads such a file.
 *
 * @returns undefined when there is none
 * @throws `permission_denied` when others may read it, naming the file and the remedy
 */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new ProxyError("permission_denied", `${path} can be read by others; run: chmod 600 ${path}`);
    return await readFile(path, "utf8");
  } catch (reason) {
    if (reason instanceof Error && "code" in reason && reason.code === "ENOENT") return undefined;
    throw reason;
  }
}
