/**
 * Reading a whole body, bounded.
 *
 * @module
 */

import type { UpstreamResponse } from "./upstream-response.ts";

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
  const pieces = new Pieces();
  for (let piece = await response.read(); piece; piece = await response.read()) {
    pieces.add(piece);
    if (pieces.size > maxBytes) {
      response.destroy();
      return { bytes: pieces.bytes().subarray(0, maxBytes), isTruncated: true };
    }
  }
  return { bytes: pieces.bytes(), isTruncated: false };
}

/** How many pieces are held as they came: each is an object of some 200 bytes, be it of a single byte. */
const maxPieces = 256;

/** One for all: each buffer of its own, be it empty, is work for the collector. */
const nothing: Buffer = Buffer.alloc(0);

/** Bytes that come in pieces. A few are put together once, at the end; many are copied to where there is room. */
class Pieces {
  #merged = nothing;
  #mergedSize = 0;
  #pieces: Buffer[] = [];
  #size = 0;

  /** How many bytes there are. */
  get size(): number {
    return this.#size;
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#pieces.length > maxPieces) this.#merge();
  }

  /** All of them; to be called once, at the end. */
  bytes(): Buffer {
    if (this.#mergedSize === 0) {
      const [first = nothing] = this.#pieces;
      return this.#pieces.length < 2 ? first : Buffer.concat(this.#pieces, this.#size);
    }
    this.#merge();
    return this.#merged.subarray(0, this.#mergedSize);
  }

  #merge(): void {
    if (this.#size > this.#merged.length) {
      // Doubling keeps the copying linear in the size of the body.
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#size, this.#merged.length * 2));
      this.#merged.copy(larger, 0, 0, this.#mergedSize);
      this.#merged = larger;
    }
    for (const piece of this.#pieces) this.#mergedSize += piece.copy(this.#merged, this.#mergedSize);
    this.#pieces = [];
  }
}
