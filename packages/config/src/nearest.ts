/**
 * What somebody may have meant.
 *
 * @module
 */

/** Longer names are not compared: the cost grows with the product of the lengths. */
const maxLength = 80;

/**
 * The candidate that differs least from `name`.
 *
 * @param name - what was written
 * @param candidates - what would be right; earlier ones win a tie
 * @param maxDistance - how many single-character edits it may differ by; by default a third of the name's
 *   length, at least one, so that unrelated names are not suggested
 * @returns undefined when no candidate is near enough
 */
export function nearest(
  name: string,
  candidates: Iterable<string>,
  maxDistance = Math.max(1, Math.floor(name.length / 3)),
): string | undefined {
  if (name.length > maxLength) return undefined;
  let best: string | undefined;
  let bestDistance = maxDistance;
  for (const candidate of candidates) {
    if (candidate.length > maxLength) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance || (distance === bestDistance && best === undefined)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = row > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          at(previous, column - 1) + (isSame ? 0 : 1),
          at(current, column - 1) + 1,
          at(previous, column) + 1,
          isSwap ? at(beforePrevious, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

/** Indexes stay within the rows; infinity is what a missing cell would cost. */
function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
