/**
 * Fetching one small document through the guarded connector: what is not a model's answer, such as a key set.
 *
 * @module
 */

import { type Clock, ProxyError } from "@llmproxy/spec";
import type { Lookup } from "./connector.ts";
import { readBody } from "./read-body.ts";
import { createUpstreamClient } from "./upstream-client.ts";

/** What is fetched, and how much of it. */
export interface FetchDocumentOptions {
  /** Where it is; `https:` unless `allowPrivate`. */
  readonly url: string;
  /** Who it belongs to, for messages. */
  readonly name: string;
  /** The media type that is wanted. */
  readonly accept: string;
  /** The most bytes to take. */
  readonly maxBytes: number;
  /** Whether `http:` and private addresses are allowed; false when absent. Metadata addresses never are. */
  readonly allowPrivate?: boolean | undefined;
  /** Aborting closes the connection at once; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Fetches a document. No redirect is followed.
 *
 * @throws `invalid_request` (field `base_url`) for a URL that is not allowed
 * @throws `upstream_failed` when it cannot be reached, is not answered with 200, or is larger than allowed
 * @throws the signal's reason when it aborted
 */
export async function fetchDocument(options: FetchDocumentOptions): Promise<Buffer> {
  const { url, name, accept, maxBytes, allowPrivate, signal, lookup, clock } = options;
  const { origin, pathname, search } = new URL(url);
  const client = createUpstreamClient({ provider: name, baseUrl: origin, allowPrivate, lookup, clock });
  try {
    const response = await client.request({
      method: "GET",
      path: pathname + search,
      headers: { accept, "user-agent": "llmproxy" },
      body: [],
      signal,
      background: true,
    });
    if (response.status !== 200) {
      response.destroy();
      throw new ProxyError("upstream_failed", `"${name}" answered with status ${response.status}`);
    }
    const { bytes, isTruncated } = await readBody(response, maxBytes);
    if (isTruncated)
      throw new ProxyError("upstream_failed", `"${name}" answered with more than ${maxBytes} bytes`);
    return bytes;
  } finally {
    client.close();
  }
}
