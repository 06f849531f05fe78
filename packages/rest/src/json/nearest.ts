/**
 * What somebody may have meant.
 *
 * @module
 */

/** Longer names are not compared: the cost grows with the product of the lengths. */
const maxLength = 64;

/** `; did you mean …?` where one of the candidates differs little from `name`, else nothing. */
export function suggestion(name: string, candidates: readonly string[]): string {
  if (name.length > maxLength) return "";
  const plain = name.toLowerCase().replaceAll("_", "");
  let best = "";
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(plain, candidate.toLowerCase().replaceAll("_", ""));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === "" ? "" : `; did you mean ${best}?`;
}

/** How many letters have to be inserted, deleted or replaced to make one text of the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (current[column - 1] ?? 0) + 1, (previous[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
