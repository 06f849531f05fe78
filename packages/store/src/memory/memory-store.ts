/**
 * A store that keeps everything in memory, for tests and for programs that embed the proxy.
 *
 * Projects and keys are as many as are inserted; records of calls, which nobody deletes, are a ring.
 *
 * @module
 */

import type { ProjectRecord, Store } from "@llmproxy/spec";
import { storeClosed } from "../store-errors.ts";
import { createMemoryKeys } from "./memory-keys.ts";
import { createMemoryProjects } from "./memory-projects.ts";
import { createMemoryUsage } from "./memory-usage.ts";

/** What a memory store may be told. */
export interface MemoryStoreOptions {
  /** How many records of calls are kept; the one added longest ago goes first. Default 10,000. */
  readonly maxCallRecords?: number;
}

const defaultMaxCallRecords = 10_000;

/**
 * Makes an empty store that keeps everything in memory.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "@llmproxy/store";
 *
 * const store = createMemoryStore();
 * const now = new Date();
 * await store.projects.insert({ id: "default", name: "Default", isActive: true, createdAt: now, updatedAt: now });
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxCallRecords = defaultMaxCallRecords } = options;
  let closed = false;
  const projectRecords = new Map<string, ProjectRecord>();
  const projects = createMemoryProjects(projectRecords);
  const keys = createMemoryKeys(new Map(), projectRecords);
  const usage = createMemoryUsage(maxCallRecords);
  /** Makes a method throw once the store is closed. */
  const whileOpen =
    <Input extends readonly unknown[], Output>(method: (...input: Input) => Promise<Output>) =>
    async (...input: Input): Promise<Output> => {
      if (closed) throw storeClosed();
      return method(...input);
    };

  return {
    projects: {
      insert: whileOpen(projects.insert),
      get: whileOpen(projects.get),
      list: whileOpen(projects.list),
      update: whileOpen(projects.update),
    },
    keys: {
      insert: whileOpen(keys.insert),
      get: whileOpen(keys.get),
      list: whileOpen(keys.list),
      update: whileOpen(keys.update),
    },
    usage: { list: whileOpen(usage.list) },
    journal: {
      append(record) {
        if (!closed) usage.add(record);
      },
      flush: whileOpen(async () => {}),
    },
    check: whileOpen(async () => {}),
    async close() {
      closed = true;
    },
  };
}
