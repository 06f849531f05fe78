/**
 * Bytes that come in pieces.
 *
 * @module
 */

/** Collects bytes. */
export interface ByteBuffer {
  /** How many bytes there are. */
  readonly length: number;
  add(piece: Buffer): void;
  /** All of them; shares memory with the buffer. */
  bytes(): Buffer;
}

const firstCapacityBytes = 16_384;

/**
 * Makes an empty buffer. A body in one piece is not copied. Of several, the bytes are kept and not the pieces: each piece
 * is an object of some 200 bytes, and a client may send a piece per byte.
 */
export function createByteBuffer(): ByteBuffer {
  let held: Buffer = Buffer.alloc(0);
  let length = 0;
  const grow = (needed: number): void => {
    const larger = Buffer.allocUnsafe(Math.max(needed, firstCapacityBytes, held.length * 2));
    held.copy(larger, 0, 0, length);
    held = larger;
  };
  return {
    get length() {
      return length;
    },
    add(piece) {
      if (length === 0) held = piece;
      else {
        if (length + piece.length > held.length) grow(length + piece.length);
        piece.copy(held, length);
      }
      length += piece.length;
    },
    bytes: () => held.subarray(0, length),
  };
}
