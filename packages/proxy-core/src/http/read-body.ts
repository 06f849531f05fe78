/**
 * Reading a whole body, bounded.
 *
 * @module
 */

import type { UpstreamResponse } from "./exchange.ts";

/** A body, or as much of it as was allowed. */
export interface BoundedBody {
  readonly bytes: Buffer;
  /** Whether there was more; the connection has then been closed. */
  readonly isTruncated: boolean;
}

/**
 * Reads a body up to `maxBytes`.
 *
 * @throws what {@link UpstreamResponse.read} throws
 */
export async function readBody(response: UpstreamResponse, maxBytes: number): Promise<BoundedBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (let chunk = await response.read(); chunk; chunk = await response.read()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      return { bytes: Buffer.concat(chunks, maxBytes), isTruncated: true };
    }
  }
  return {
    bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size),
    isTruncated: false,
  };
}
