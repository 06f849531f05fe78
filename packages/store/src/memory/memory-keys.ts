/**
 * API keys in memory.
 *
 * @module
 */

import type { KeyPatch, KeyRecord, KeyStore } from "@llmproxy/spec";
import { listScope } from "../page-token.ts";
import { idTaken, projectMissing } from "../store-errors.ts";
import { orderedPage } from "./ordered-page.ts";

/** Keeps keys in `records`, by id; `projects` knows which projects exist. Everything that goes in or out is a copy. */
export function createMemoryKeys(
  records: Map<string, KeyRecord>,
  projects: { has(id: string): boolean },
): KeyStore {
  return {
    async insert(key) {
      if (records.has(key.id)) throw idTaken("key");
      if (!projects.has(key.projectId)) throw projectMissing();
      records.set(key.id, copyKey(key));
    },
    async get(id) {
      return structuredClone(records.get(id));
    },
    async list({ projectId }, page) {
      return orderedPage({
        scope: listScope("keys", projectId),
        page,
        records: [...records.values()].filter(
          (key) => projectId === undefined || key.projectId === projectId,
        ),
        positionOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
      });
    },
    async update(id, patch) {
      const key = records.get(id);
      if (key === undefined) return undefined;
      const updated = structuredClone(applyPatch(key, patch));
      records.set(id, updated);
      return structuredClone(updated);
    },
  };
}

function applyPatch(key: KeyRecord, patch: KeyPatch): KeyRecord {
  const { expiresAt, allowedModels, revokedAt = patch.revokedAt, ...rest } = key;
  const expires = patch.expiresAt === undefined ? expiresAt : patch.expiresAt;
  const models = patch.allowedModels === undefined ? allowedModels : patch.allowedModels;
  return {
    ...rest,
    name: patch.name ?? key.name,
    metadata: patch.metadata ?? key.metadata,
    ...(expires != null && { expiresAt: expires }),
    ...(models != null && { allowedModels: models }),
    ...(revokedAt !== undefined && { revokedAt }),
  };
}

/** Copies a key. The hash is copied by its bytes: a clone of a view would keep the whole buffer it looks into. */
function copyKey(key: KeyRecord): KeyRecord {
  return structuredClone({ ...key, hash: Uint8Array.from(key.hash) });
}
