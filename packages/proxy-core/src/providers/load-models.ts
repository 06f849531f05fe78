/**
 * Asking a vendor for its catalogue, page by page.
 *
 * @module
 */

import { type ModelInfo, ProxyError } from "@llmproxy/spec";
import { readBody } from "../http/read-body.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";

/** A page of a catalogue. */
export interface ModelsPage {
  readonly models: readonly ModelInfo[];
  /** The path of the next page, below the base URL; absent on the last. */
  readonly next?: string;
}

/**
 * Reads a page.
 *
 * @param provider - the configured name of the provider it belongs to
 * @param body - JSON text
 * @throws `upstream_failed` when it is not a list of models
 */
export type ReadModels = (provider: string, body: Buffer) => ModelsPage;

/** What a catalogue is read with. */
export interface LoadModelsOptions {
  /** The configured name of the provider. */
  readonly provider: string;
  /** The path of the first page. */
  readonly path: string;
  readonly read: ReadModels;
}

const maxModels = 10_000;
const maxPageBytes = 16_777_216;
/** More than any vendor has; one whose pages never end must not be followed for ever. */
const maxPages = 100;

/**
 * Reads a whole catalogue.
 *
 * @param get - asks for a page; rejects unless it is answered with success
 * @returns at most 10,000 models, in the vendor's order, each once
 * @throws `upstream_failed` when a page is too large or not a list of models
 */
export async function loadModels(
  { provider, path, read }: LoadModelsOptions,
  get: (path: string) => Promise<UpstreamResponse>,
): Promise<readonly ModelInfo[]> {
  const models = new Map<string, ModelInfo>();
  let next: string | undefined = path;
  for (let page = 0; next !== undefined && page < maxPages; page += 1) {
    const { bytes, isTruncated } = await readBody(await get(next), maxPageBytes);
    if (isTruncated) throw new ProxyError("upstream_failed", "the list of models is larger than 16 MiB");
    const found: ModelsPage = read(provider, bytes);
    for (const model of found.models)
      if (models.size < maxModels && !models.has(model.id)) models.set(model.id, model);
    next = found.next;
  }
  return [...models.values()];
}
