/**
 * The first start: a management token, a project and a key, so that a new server can be used at once.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createApiKey, type Peppers, parseApiKey } from "@llmproxy/auth";
import { type Clock, ProxyError, Secret, type Store } from "@llmproxy/spec";
import { readSecretFile, writeSecretFile } from "./secret-file.ts";

/** What `bootstrap.json` holds. */
export interface Bootstrap {
  readonly managementToken: Secret;
  readonly projectId: string;
  readonly apiKey: Secret;
  /** Where it is kept. */
  readonly path: string;
}

/** The project everything belongs to that names no other. */
export const defaultProjectId = "default";

/** The file's path in a data directory. */
export function bootstrapPath(directory: string): string {
  return join(directory, "bootstrap.json");
}

/**
 * Reads the bootstrap of a data directory.
 *
 * @returns undefined when there is none
 * @throws `invalid_request` for a damaged file, `permission_denied` for one others may read
 */
export async function readBootstrap(directory: string): Promise<Bootstrap | undefined> {
  const path = bootstrapPath(directory);
  const text = await readSecretFile(path);
  return text === undefined ? undefined : parse(text, path);
}

/** Makes the file once. What it names is put into the store by {@link storeBootstrap}, now and at every start. */
export async function createBootstrap(directory: string, peppers: Peppers): Promise<Bootstrap> {
  const bootstrap = {
    managementToken: new Secret(`llp-management-${randomBytes(32).toString("base64url")}`),
    projectId: defaultProjectId,
    apiKey: createApiKey({ kind: "v", peppers }).key,
    path: bootstrapPath(directory),
  };
  await writeSecretFile(bootstrap.path, format(bootstrap));
  return bootstrap;
}

/** Makes the project everything belongs to that names no other. */
export async function ensureDefaultProject(store: Store, clock: Clock): Promise<void> {
  if (await store.projects.get(defaultProjectId)) return;
  const now = new Date(clock.now());
  const project = { id: defaultProjectId, name: "default", isActive: true, createdAt: now, updatedAt: now };
  await store.projects.insert(project);
}

/**
 * Puts the bootstrap's key into a store that does not have it: a new one, one whose first start was interrupted, or
 * one that only lives in memory.
 */
export async function storeBootstrap(
  { apiKey, projectId }: Bootstrap,
  { store, peppers, clock }: { readonly store: Store; readonly peppers: Peppers; readonly clock: Clock },
): Promise<void> {
  const text = apiKey.reveal();
  const id = parseApiKey(text)?.id;
  if (id === undefined || (await store.keys.get(id)) || !(await store.projects.get(projectId))) return;
  const identity = { id, hash: peppers.hash(text), pepperId: peppers.currentId };
  await store.keys.insert({
    ...identity,
    projectId,
    name: "bootstrap",
    createdAt: new Date(clock.now()),
    metadata: {},
  });
}

function format({ managementToken, projectId, apiKey }: Bootstrap): string {
  const fields = {
    management_token: managementToken.reveal(),
    project_id: projectId,
    api_key: apiKey.reveal(),
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

function parse(text: string, path: string): Bootstrap {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const { management_token: token, project_id: projectId, api_key: key } = value;
    if (typeof token === "string" && typeof projectId === "string" && typeof key === "string")
      return { managementToken: new Secret(token), projectId, apiKey: new Secret(key), path };
  } catch {
    // Falls through to the error below, which must not quote the file.
  }
  throw new ProxyError(
    "invalid_request",
    `${path} is damaged; restore it, or remove it to have a new one made`,
  );
}
