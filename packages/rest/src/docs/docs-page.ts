/**
 * The page that shows the documentation of the API, without asking anybody else for anything.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { docsAssetUrl } from "./asset-url.ts";

/** What the page consists of; names are relative to it, so that it may stand behind a path of a proxy. */
export const docsProgramPath = "docs/openapi-explorer.min.js";

/**
 * What the page may do: run its program, and ask this server. The program sets styles at its elements, which only
 * `unsafe-inline` allows; it needs no `unsafe-eval`.
 */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>llmproxy: the API</title>
<link rel="icon" href="data:,">
<script src="${docsProgramPath}" type="module"></script>
<style>body { margin: 0 }</style>
</head>
<body>
<openapi-explorer spec-url="openapi.json" use-path-in-nav-bar="true" collapse="true" hide-server-selection="true"
 primary-color="#1d4ed8" secondary-color="#93c5fd" nav-bg-color="#0f172a" nav-text-color="#cbd5e1"
 nav-hover-bg-color="#1e293b" nav-hover-text-color="#ffffff">
<noscript>This page needs JavaScript. What it shows is <a href="openapi.json">openapi.json</a>.</noscript>
</openapi-explorer>
</body>
</html>
`;

/** Reads the program; it is kept compressed on disk, and not in memory. */
export async function readDocsProgram(isCompressed: boolean): Promise<Uint8Array> {
  const compressed = await readFile(docsAssetUrl());
  return isCompressed ? compressed : promisify(gunzip)(compressed);
}
