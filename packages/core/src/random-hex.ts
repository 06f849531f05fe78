/**
 * Random digits, cheap enough for several ids per request.
 *
 * A call of `randomBytes` costs some 5 µs whatever its size, so bytes are made by the pool; each is handed out once.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Gives hexadecimal digits nobody can guess. */
export type RandomHex = (bytes: number) => string;

const poolBytes = 4096;

/**
 * Makes a source of digits with a pool of its own.
 *
 * @returns a function from a number of bytes, up to 64, to twice as many lower-case digits
 */
export function createRandomHex(): RandomHex {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (bytes) => {
    if (used + bytes > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const digits = pool.toString("hex", used, used + bytes);
    // What has been handed out is not kept: whoever reads this memory later must not find ids in use.
    pool.fill(0, used, used + bytes);
    used += bytes;
    return digits;
  };
}

/** The source of this process. */
export const randomHex: RandomHex = createRandomHex();
