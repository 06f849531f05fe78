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
import { type Bootstrap, createBootstrap, readBootstrap } from "./bootstrap.ts";
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
    const peppers = await openPeppers(directory);
    const store = await openStore(options);
    try {
      const existing = await readBootstrap(directory);
      const bootstrap =
        existing ?? (options.bootstrap ? await createBootstrap(directory, store, peppers, clock) : undefined);
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

async function closeData(store: Store, lock: OwnerLock): Promise<void> {
  try {
    await store.close();
  } finally {
    await lock.release();
  }
}

async function openStore({ directory, store, clock, logger, meter }: OpenDataOptions): Promise<Store> {
  if (store.file === ":memory:") return createMemoryStore();
  const path = isAbsolute(store.file) ? store.file : join(directory, store.file);
  return openSqliteStore({ path, clock, logger, meter });
}
