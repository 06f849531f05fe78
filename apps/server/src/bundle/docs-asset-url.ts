/**
 * Where the program that shows the documentation is when the server runs from its bundle: in a file beside it. The
 * bundle has this module in place of the one of `@llmproxy/rest`: see `rolldown.config.ts`.
 *
 * @module
 */

/** The URL of the program, compressed with gzip. */
export function docsAssetUrl(): URL {
  return new URL("./openapi-explorer.min.js.gz", import.meta.url);
}
