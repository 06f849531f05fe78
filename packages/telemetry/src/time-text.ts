/**
 * Moments as text, cheaply where many of them lie within a second.
 *
 * @module
 */

const secondLength = "2026-11-21T05:12:33.".length;

/**
 * @returns a function that writes a time as `Date.prototype.toISOString` does, of milliseconds since 1970 in the
 *   years 0 to 9999
 */
export function createTimeText(): (atMs: number) => string {
  let knownSecond = Number.NaN;
  let beginning = "";
  return (atMs) => {
    const second = Math.floor(atMs / 1_000);
    if (second !== knownSecond) {
      knownSecond = second;
      beginning = new Date(second * 1_000).toISOString().slice(0, secondLength);
    }
    return `${beginning}${String(Math.floor(atMs) - second * 1_000).padStart(3, "0")}Z`;
  };
}
