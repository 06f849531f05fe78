/**
 * Where the database thread's code is when the server runs from its bundle: in a file beside it. The bundle has this
 * module in place of the one of `@llmproxy/store`: see `rolldown.config.ts`.
 *
 * @module
 */

/** The URL of the worker's own bundle. */
export function sqliteWorkerUrl(): URL {
  return new URL("./sqlite-worker.cjs", import.meta.url);
}
