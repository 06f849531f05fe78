/**
 * Whether the database can be opened and is whole.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { migrationStatus } from "@llmproxy/store";
import { type Check, type Checkup, failedBy, ok } from "./checkup.ts";

/** Opens it without changing anything, and only while no server has it open. */
export async function checkDatabase({ loaded, dataDirectory, owner }: Checkup): Promise<readonly Check[]> {
  if (!loaded) return [];
  const { file } = loaded.config.store;
  if (file === ":memory:") return [ok("database", "in memory: nothing outlives the server")];
  if (owner) return [ok("database", "in use by the running server")];
  const path = isAbsolute(file) ? file : join(dataDirectory, file);
  if (!existsSync(path)) return [ok("database", `${path} will be made at the first start`)];
  try {
    const { applied, pending } = await migrationStatus({ path });
    const steps = pending.length === 0 ? "" : `; the next start applies ${pending.join(", ")}`;
    return [ok("database", `${path} is whole, with ${applied.length} migrations${steps}`)];
  } catch (reason) {
    return [failedBy("database", reason, "restore it from a backup, or move it away to begin anew")];
  }
}
