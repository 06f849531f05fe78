/**
 * Where the database thread's code is when the server runs from its bundle: in a file beside it.
 *
 * @module
 */

/** The URL of the worker's own bundle. */
export function sqliteWorkerUrl(): URL {
  return new URL("./sqlite-worker.cjs", import.meta.url);
}
