/**
 * API keys in a database.
 *
 * @module
 */

import type { KeyPatch, KeyRecord, KeyStore } from "@llmproxy/spec";
import type { Insertable, Kysely, Selectable, Updateable } from "kysely";
import { listPage } from "../list-page.ts";
import { listScope, type Position } from "../page-token.ts";
import type { ApiKeyTable, StoreTables } from "../schema.ts";
import { idTaken, projectMissing } from "../store-errors.ts";
import type { ViolationReader } from "../violation.ts";

/** Keeps keys in `database`. */
export function createKeyRepository(database: Kysely<StoreTables>, violationOf: ViolationReader): KeyStore {
  const get = async (id: string): Promise<KeyRecord | undefined> => {
    const row = await database.selectFrom("api_key").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toKey(row);
  };
  const reader = (projectId: string | undefined) => async (after: Position | undefined, limit: number) => {
    let query = database.selectFrom("api_key").selectAll();
    if (projectId !== undefined) query = query.where("project_id", "=", projectId);
    if (after !== undefined)
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple("created_at", "id"), ">", tuple(after.at, after.id)),
      );
    const rows = await query.orderBy("created_at").orderBy("id").limit(limit).execute();
    return rows.map(toKey);
  };

  return {
    async insert(key) {
      try {
        await database.insertInto("api_key").values(toRow(key)).execute();
      } catch (error) {
        const violation = violationOf(error);
        if (violation === "unique") throw idTaken("key");
        if (violation === "foreign-key") throw projectMissing();
        throw error;
      }
    },
    get,
    list: ({ projectId }, page) =>
      listPage({
        scope: listScope("keys", projectId),
        page,
        read: reader(projectId),
        positionOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
      }),
    async update(id, patch) {
      const changes = toChanges(patch);
      const { revokedAt } = patch;
      if (Object.keys(changes).length === 0 && revokedAt === undefined) return get(id);
      let query = database.updateTable("api_key").set(changes).where("id", "=", id);
      if (revokedAt !== undefined)
        query = query.set(({ fn, val }) => ({
          revoked_at: fn.coalesce("revoked_at", val(revokedAt.getTime())),
        }));
      const row = await query.returningAll().executeTakeFirst();
      return row && toKey(row);
    },
  };
}

function toRow(key: KeyRecord): Insertable<ApiKeyTable> {
  return {
    id: key.id,
    project_id: key.projectId,
    name: key.name,
    hash: Buffer.from(key.hash).toString("hex"),
    pepper_id: key.pepperId,
    created_at: key.createdAt.getTime(),
    expires_at: key.expiresAt?.getTime() ?? null,
    revoked_at: key.revokedAt?.getTime() ?? null,
    allowed_models: key.allowedModels === undefined ? null : JSON.stringify(key.allowedModels),
    metadata: JSON.stringify(key.metadata),
  };
}

function toKey(row: Selectable<ApiKeyTable>): KeyRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    hash: Uint8Array.from(Buffer.from(row.hash, "hex")),
    pepperId: row.pepper_id,
    createdAt: new Date(row.created_at),
    ...(row.expires_at !== null && { expiresAt: new Date(row.expires_at) }),
    ...(row.revoked_at !== null && { revokedAt: new Date(row.revoked_at) }),
    ...(row.allowed_models !== null && { allowedModels: JSON.parse(row.allowed_models) }),
    metadata: JSON.parse(row.metadata),
  };
}

/** The columns a patch sets to a value of its own. A revocation depends on the row: the first one stays. */
function toChanges({ name, expiresAt, allowedModels, metadata }: KeyPatch): Updateable<ApiKeyTable> {
  return {
    ...(name !== undefined && { name }),
    ...(expiresAt !== undefined && { expires_at: expiresAt?.getTime() ?? null }),
    ...(allowedModels !== undefined && { allowed_models: allowedModels && JSON.stringify(allowedModels) }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
  };
}
