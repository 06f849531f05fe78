/**
 * Random digits for identifiers.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/**
 * Makes hexadecimal digits that nobody can foresee, two for each byte.
 *
 * @param bytes - 1 … 256
 */
export type RandomHex = (bytes: number) => string;

const poolBytes = 4_096;

/** Makes a source of random digits. It asks the system for many bytes at a time, and hands each out once. */
export function createRandomHex(): RandomHex {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (bytes) => {
    if (used + bytes > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString("hex", used - bytes, used);
  };
}
