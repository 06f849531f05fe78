/**
 * The clock all processes of a run share.
 *
 * @module
 */

import { hrtime } from "node:process";

/**
 * Microseconds since an arbitrary moment that is the same for all processes of this machine, so that one process
 * can tell how long ago another one sent something.
 */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}
