/**
 * The first start: a management token, a project and a key, so that a new server can be used at once.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createApiKey, type Peppers } from "@llmproxy/auth";
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

/**
 * Makes the bootstrap once: the project `default`, a key that does not expire, and the file, in this order, so
 * that a crash in between leaves nothing that the next start would not mend.
 */
export async function createBootstrap(
  directory: string,
  store: Store,
  peppers: Peppers,
  clock: Clock,
): Promise<Bootstrap> {
  const now = new Date(clock.now());
  if (!(await store.projects.get(defaultProjectId)))
    await store.projects.insert({
      id: defaultProjectId,
      name: "default",
      isActive: true,
      createdAt: now,
      updatedAt: now,
    });
  const { key, ...identity } = createApiKey({ kind: "v", peppers });
  await store.keys.insert({
    ...identity,
    projectId: defaultProjectId,
    name: "bootstrap",
    createdAt: now,
    metadata: {},
  });
  const managementToken = new Secret(`llp-management-${randomBytes(32).toString("base64url")}`);
  const bootstrap = {
    managementToken,
    projectId: defaultProjectId,
    apiKey: key,
    path: bootstrapPath(directory),
  };
  await writeSecretFile(bootstrap.path, format(bootstrap));
  return bootstrap;
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
