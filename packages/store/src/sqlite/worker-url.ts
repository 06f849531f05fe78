/**
 * Where the worker's code is.
 *
 * @module
 */

/**
 * The URL of the worker's entry: beside this file when running from sources, otherwise whatever the package
 * exports, so that it is also found when this module has been bundled and the package has not.
 */
export function sqliteWorkerUrl(): URL {
  const own = import.meta.url;
  if (own.endsWith(".ts")) return new URL("./worker.ts", own);
  return new URL(import.meta.resolve("@llmproxy/store/sqlite-worker"));
}
