/**
 * Opening what a server keeps: lock, peppers, database, bootstrap, in this order.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import type { Peppers } from "@llmproxy/auth";
import type { StoreConfig } from "@llmproxy/config";
import type { Clock, Logger, Meter, Store } from "@llmproxy/spec";
import {
  acquireOwnerLock,
  createMemoryStore,
  type OwnerLock,
  openSqliteStore,
  prepareDataDirectory,
} from "@llmproxy/store";
import {
  type Bootstrap,
  createBootstrap,
  ensureDefaultProject,
  readBootstrap,
  storeBootstrap,
} from "./bootstrap.ts";
import { openPeppers } from "./pepper-file.ts";

/** What opening needs. */
export interface OpenDataOptions {
  readonly directory: string;
  readonly store: StoreConfig;
  /** Whether to make the bootstrap when there is none: not where a management token is configured. */
  readonly bootstrap: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** An open data directory, owned by this process. */
export interface OpenData {
  readonly store: Store;
  readonly peppers: Peppers;
  readonly bootstrap: Bootstrap | undefined;
  readonly lock: OwnerLock;
  /** Flushes and closes the store, then gives the directory up. */
  close(): Promise<void>;
}

/**
 * Opens a data directory, making what is missing.
 *
 * @throws `conflict` naming the process and the URL of the owner when there is one
 * @throws `unavailable` for a database that cannot be used, naming the file
 */
export async function openData(options: OpenDataOptions): Promise<OpenData> {
  const { directory, clock } = options;
  await prepareDataDirectory(directory);
  const lock = await acquireOwnerLock(directory, { clock });
  try {
    const peppers = await openPeppers(directory, databasePath(options));
    const store = await openStore(options);
    try {
      await ensureDefaultProject(store, clock);
      const bootstrap = options.bootstrap
        ? await openBootstrap(directory, { store, peppers, clock })
        : undefined;
      return { store, peppers, bootstrap, lock, close: () => closeData(store, lock) };
    } catch (reason) {
      await store.close();
      throw reason;
    }
  } catch (reason) {
    await lock.release();
    throw reason;
  }
}

async function openBootstrap(
  directory: string,
  use: Parameters<typeof storeBootstrap>[1],
): Promise<Bootstrap> {
  const bootstrap = (await readBootstrap(directory)) ?? (await createBootstrap(directory, use.peppers));
  await storeBootstrap(bootstrap, use);
  return bootstrap;
}

async function closeData(store: Store, lock: OwnerLock): Promise<void> {
  try {
    await store.close();
  } finally {
    await lock.release();
  }
}

/** Absent where the store only lives in memory. */
function databasePath({ directory, store: { file } }: OpenDataOptions): string | undefined {
  if (file === ":memory:") return undefined;
  return isAbsolute(file) ? file : join(directory, file);
}

async function openStore(options: OpenDataOptions): Promise<Store> {
  const { clock, logger, meter } = options;
  const path = databasePath(options);
  if (path === undefined) return createMemoryStore();
  return openSqliteStore({ path, clock, logger, meter });
}
