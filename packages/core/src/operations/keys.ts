/**
 * Operations on API keys. The permission has been checked; the object is checked here.
 *
 * @module
 */

import { createApiKey, maySeeProject } from "@llmproxy/auth";
import {
  type KeyPatch,
  type KeyRecord,
  type Page,
  type Principal,
  ProxyError,
  type Secret,
} from "@llmproxy/spec";
import { checkId, checkName, checkPage, notFound, type PageInput } from "./check.ts";
import { checkAllowedModels, checkExpiry, checkMetadata } from "./key-check.ts";
import type { OperationPorts } from "./ports.ts";

/** What a key is made from. */
export interface CreateKeyInput {
  readonly projectId: string;
  /** For people; 1–128 printable characters. */
  readonly name: string;
  /** In the future, at most 365 days from now; 90 days from now when absent. */
  readonly expiresAt?: Date;
  /** Globs of the model names it may ask for; all when absent. At most 100, each 1–256 characters. */
  readonly allowedModels?: readonly string[];
  /** At most 16 entries; names 1–64, values up to 512 characters. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What is to change of a key; absent means unchanged. */
export interface UpdateKeyInput {
  readonly id: string;
  readonly name?: string;
  readonly expiresAt?: Date;
  /** `null` allows every model. */
  readonly allowedModels?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A new key: the only moment at which the key itself is known. */
export interface CreatedKey {
  readonly record: KeyRecord;
  readonly key: Secret;
}

/** Which keys to list. */
export interface ListKeysInput extends PageInput {
  /** Only keys of this project. */
  readonly projectId?: string;
}

/** Operations on API keys. */
export interface KeyOperations {
  /** @throws `not_found` (field `project_id`); `project_inactive`; `invalid_request` naming the field */
  create(principal: Principal, input: CreateKeyInput, signal: AbortSignal): Promise<CreatedKey>;
  /** @throws `not_found`, also for a key of a project the principal may not see */
  get(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<KeyRecord>;
  /** Only keys of projects the principal may see. */
  list(principal: Principal, input: ListKeysInput, signal: AbortSignal): Promise<Page<KeyRecord>>;
  /** @throws `not_found`; `conflict` when the key is revoked; `invalid_request` naming the field */
  update(principal: Principal, input: UpdateKeyInput, signal: AbortSignal): Promise<KeyRecord>;
  /** Revoking a revoked key changes nothing. @throws `not_found` */
  revoke(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<KeyRecord>;
}

/** Makes the operations over their ports. */
export function createKeyOperations(ports: OperationPorts): KeyOperations {
  return {
    create: (principal, input) => create(ports, principal, input),
    get: (principal, input) => get(ports, principal, input.id),
    list: (principal, input) => list(ports, principal, input),
    update: (principal, input) => update(ports, principal, input),
    revoke: (principal, input) => revoke(ports, principal, input.id),
  };
}

async function create(
  ports: OperationPorts,
  principal: Principal,
  input: CreateKeyInput,
): Promise<CreatedKey> {
  const projectId = checkId(input.projectId, "project_id");
  const name = checkName(input.name);
  const now = ports.clock.now();
  const expiresAt = checkExpiry(input.expiresAt, now);
  const allowedModels = input.allowedModels && checkAllowedModels(input.allowedModels);
  const metadata = checkMetadata(input.metadata ?? {});
  const project = maySeeProject(principal, projectId) ? await ports.store.projects.get(projectId) : undefined;
  if (!project) throw notFound("project", "project_id");
  if (!project.isActive)
    throw new ProxyError("project_inactive", "cannot create keys for an inactive project", {
      field: "project_id",
    });
  const { key, ...identity } = createApiKey({ kind: "v", peppers: ports.peppers });
  const record: KeyRecord = {
    ...identity,
    projectId,
    name,
    createdAt: new Date(now),
    expiresAt,
    ...(allowedModels && { allowedModels }),
    metadata,
  };
  await ports.store.keys.insert(record);
  await ports.bus.publish({ type: "key-changed", keyId: record.id });
  return { record, key };
}

async function get(ports: OperationPorts, principal: Principal, id: string): Promise<KeyRecord> {
  const key = await ports.store.keys.get(checkId(id));
  if (!key || !maySeeProject(principal, key.projectId)) throw notFound("key");
  return key;
}

async function list(
  ports: OperationPorts,
  principal: Principal,
  input: ListKeysInput,
): Promise<Page<KeyRecord>> {
  const page = checkPage(input);
  const asked = input.projectId === "" ? undefined : input.projectId;
  if (asked !== undefined && !maySeeProject(principal, asked)) throw notFound("project", "project_id");
  const projectId = asked ?? principal.projectId;
  return ports.store.keys.list(projectId === undefined ? {} : { projectId }, page);
}

async function update(
  ports: OperationPorts,
  principal: Principal,
  input: UpdateKeyInput,
): Promise<KeyRecord> {
  const { id, name, expiresAt, allowedModels, metadata } = input;
  const patch: KeyPatch = {
    ...(name !== undefined && { name: checkName(name) }),
    ...(expiresAt && { expiresAt: checkExpiry(expiresAt, ports.clock.now()) }),
    ...(allowedModels !== undefined && { allowedModels: allowedModels && checkAllowedModels(allowedModels) }),
    ...(metadata && { metadata: checkMetadata(metadata) }),
  };
  if (Object.keys(patch).length === 0)
    throw new ProxyError(
      "invalid_request",
      "nothing to change: expected name, expires_at, allowed_models or metadata",
    );
  const before = await get(ports, principal, id);
  if (before.revokedAt)
    throw new ProxyError("conflict", "the key is revoked and cannot be changed", { field: "id" });
  return save(ports, id, patch);
}

async function revoke(ports: OperationPorts, principal: Principal, id: string): Promise<KeyRecord> {
  const before = await get(ports, principal, id);
  return before.revokedAt ? before : save(ports, id, { revokedAt: new Date(ports.clock.now()) });
}

async function save(ports: OperationPorts, id: string, patch: KeyPatch): Promise<KeyRecord> {
  const key = await ports.store.keys.update(id, patch);
  if (!key) throw notFound("key");
  await ports.bus.publish({ type: "key-changed", keyId: id });
  return key;
}
