/**
 * Finding what somebody probably meant.
 *
 * @module
 */

/** Longer names are not compared: the work grows with the product of the lengths. */
const maxLength = 128;
/** More candidates than this are not looked at. */
const maxCandidates = 2_000;

/**
 * The candidate with the fewest changed, missing or added characters, letter case aside; undefined when none is
 * near: at most a third of the name may differ.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > maxLength) return undefined;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let bound = Math.max(1, Math.floor(name.length / 3)) + 1;
  let looked = 0;
  for (const candidate of candidates) {
    looked += 1;
    if (looked > maxCandidates) break;
    const distance = distanceBelow(wanted, candidate.toLowerCase(), bound);
    if (distance === undefined) continue;
    nearest = candidate;
    bound = distance;
  }
  return nearest;
}

/** The Levenshtein distance when it is smaller than `bound`. */
function distanceBelow(a: string, b: string, bound: number): number | undefined {
  if (Math.abs(a.length - b.length) >= bound) return undefined;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = nextRow(previous, a, b, row);
    if (Math.min(...current) >= bound) return undefined;
    previous = current;
  }
  const distance = previous[b.length] ?? bound;
  return distance < bound ? distance : undefined;
}

function nextRow(previous: readonly number[], a: string, b: string, row: number): number[] {
  const current = [row];
  for (let column = 1; column <= b.length; column += 1) {
    const diagonal = previous[column - 1] ?? 0;
    const replaced = a[row - 1] === b[column - 1] ? diagonal : diagonal + 1;
    current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
  }
  return current;
}
