/**
 * API keys as messages, and changes of them as input. The hash of a key never gets into a message.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CreateKeyRequest, KeySchema, UpdateKeyRequest } from "@llmproxy/proto";
import { type KeyRecord, ProxyError } from "@llmproxy/spec";
import type { CreateKeyInput, UpdateKeyInput } from "../services-core.ts";

/** Writes a key. */
export function keyMessage(key: KeyRecord): MessageInitShape<typeof KeySchema> {
  const { id, projectId, name, createdAt, expiresAt, revokedAt, allowedModels, metadata } = key;
  return {
    id,
    projectId,
    name,
    createdAt: timestampFromDate(createdAt),
    ...(expiresAt && { expiresAt: timestampFromDate(expiresAt) }),
    ...(revokedAt && { revokedAt: timestampFromDate(revokedAt) }),
    ...(allowedModels && { allowedModels: [...allowedModels] }),
    metadata: { ...metadata },
  };
}

/** Reads what a key is made from; an empty list of models means all. */
export function createKeyInput(message: CreateKeyRequest): CreateKeyInput {
  const { projectId, name, expiresAt, allowedModels, metadata } = message;
  return {
    projectId,
    name,
    ...(expiresAt && { expiresAt: timestampDate(expiresAt) }),
    ...(allowedModels.length > 0 && { allowedModels }),
    metadata,
  };
}

/** How each field that may be changed is read when it is meant. */
const readers: Readonly<Record<string, (message: UpdateKeyRequest) => Omit<UpdateKeyInput, "id">>> = {
  name: ({ name }) => ({ name: name ?? "" }),
  expires_at: ({ expiresAt }) => ({ expiresAt: requireMoment(expiresAt) }),
  allowed_models: ({ allowedModels }) => ({ allowedModels: allowedModels.length > 0 ? allowedModels : null }),
  metadata: ({ metadata }) => ({ metadata }),
};

/**
 * Reads what is to change of a key: the fields `update_mask` names, or else those that are not empty.
 *
 * @throws `invalid_request` (field `update_mask`) for a path that is no field of a key
 * @throws `invalid_request` (field `expires_at`) when it is named and absent: keys always end
 */
export function updateKeyInput(message: UpdateKeyRequest): UpdateKeyInput {
  const named = message.updateMask?.paths ?? [];
  const changes = (named.length > 0 ? named : presentFields(message)).map((path) => {
    const read = Object.hasOwn(readers, path) ? readers[path] : undefined;
    if (!read)
      throw new ProxyError(
        "invalid_request",
        `update_mask: expected any of ${Object.keys(readers).join(", ")}`,
        { field: "update_mask" },
      );
    return read(message);
  });
  return Object.assign({ id: message.id }, ...changes);
}

function presentFields({ name, expiresAt, allowedModels, metadata }: UpdateKeyRequest): readonly string[] {
  const present = {
    name: name !== undefined,
    expires_at: expiresAt !== undefined,
    allowed_models: allowedModels.length > 0,
    metadata: Object.keys(metadata).length > 0,
  };
  return Object.entries(present).flatMap(([path, isPresent]) => (isPresent ? path : []));
}

function requireMoment(moment: Timestamp | undefined): Date {
  if (moment) return timestampDate(moment);
  throw new ProxyError("invalid_request", "expires_at: expected a moment; keys always end", {
    field: "expires_at",
  });
}
