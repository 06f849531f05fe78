/**
 * The program that shows the API's documentation in a browser: the one file of it that is used, compressed and
 * committed, so that sources, bundle and published package have it in the same place.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { root } from "./repository.mjs";

const folder = "packages/rest/assets";
const asset = `${folder}/openapi-explorer.min.js.gz`;
const license = `${folder}/openapi-explorer.LICENSE`;

/** Where the package is installed; it exports neither its license nor the file. */
function packageFile(path) {
  const require = createRequire(join(root, "packages/rest/package.json"));
  const folders = require.resolve.paths("openapi-explorer") ?? [];
  const found = folders.map((each) => join(each, "openapi-explorer", path)).find(existsSync);
  if (found === undefined) throw new Error("openapi-explorer is not installed: run `pnpm install`");
  return readFileSync(found);
}

const readProgram = () => packageFile("dist/browser/openapi-explorer.min.js");

/** What to say when the committed file is not the one of the installed version. */
export function staleDocsAsset() {
  const committed = existsSync(join(root, asset))
    ? gunzipSync(readFileSync(join(root, asset)))
    : Buffer.alloc(0);
  if (committed.equals(readProgram())) return [];
  return [`${asset} is not that of the installed openapi-explorer: run \`pnpm gen\` and commit`];
}

if (process.argv[1] === fileURLToPath(import.meta.url) && staleDocsAsset().length > 0) {
  mkdirSync(dirname(join(root, asset)), { recursive: true });
  writeFileSync(join(root, asset), gzipSync(readProgram(), { level: 9 }));
  writeFileSync(join(root, license), packageFile("LICENSE"));
}
