/**
 * Where the program that shows the documentation is.
 *
 * @module
 */

/** The URL of the program, compressed with gzip; beside the sources and beside what they are compiled to. */
export function docsAssetUrl(): URL {
  return new URL("../../assets/openapi-explorer.min.js.gz", import.meta.url);
}
