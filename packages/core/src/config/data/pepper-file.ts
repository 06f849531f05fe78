/**
 * The pepper of API key hashes: a secret beside the database, so that a copy of the database alone is of no use.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createPeppers, type Peppers } from "@llmproxy/auth";
import { ProxyError, Secret } from "@llmproxy/spec";
import { readSecretFile, writeSecretFile } from "./secret-file.ts";

/**
 * Reads the peppers of a data directory; makes the first one.
 *
 * @param database - the database whose keys they are for; absent when it only lives in memory
 * @throws `invalid_request` for a file that is not ours, and for one that is missing beside a database: a new pepper
 *   would silently make every key of it invalid
 */
export async function openPeppers(directory: string, database: string | undefined): Promise<Peppers> {
  const path = join(directory, "peppers.json");
  const text = await readSecretFile(path);
  if (text !== undefined) return createPeppers(parse(text, path));
  if (database !== undefined && existsSync(database))
    throw new ProxyError(
      "invalid_request",
      `${path} is missing, without which no API key of ${database} is valid; restore it from a backup, or move the database away to begin anew`,
    );
  const pepper = { id: "p1", secret: randomBytes(32).toString("base64url") };
  await writeSecretFile(path, `${JSON.stringify([pepper], undefined, 2)}\n`);
  return createPeppers([{ id: pepper.id, secret: new Secret(pepper.secret) }]);
}

function parse(text: string, path: string): { id: string; secret: Secret }[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.length > 0 && list.every(isPepper))
      return list.map(({ id, secret }) => ({ id, secret: new Secret(secret) }));
  } catch {
    // Falls through to the error below, which must not quote the file.
  }
  throw new ProxyError(
    "invalid_request",
    `${path} is damaged; restore it from a backup: without it no API key is valid`,
  );
}

function isPepper(value: unknown): value is { id: string; secret: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "string" &&
    "secret" in value &&
    typeof value.secret === "string"
  );
}
