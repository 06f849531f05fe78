/**
 * Where the database thread's code is when the server runs from its sources.
 *
 * @module
 */

/** The bundle replaces this file by `sqlite-worker-url.bundle.ts`: see `rolldown.config.ts`. */
export function sqliteWorkerUrl(): URL {
  return new URL(import.meta.resolve("@llmproxy/store/sqlite-worker"));
}
