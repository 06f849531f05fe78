/**
 * Patterns of names in which `*` stands for any run of characters, also none. Nothing else is special, and
 * case matters.
 *
 * @module
 */

/**
 * Whether the whole of `text` matches `pattern`.
 *
 * What stands between two stars is looked for once, from left to right, and the first place it is found is as
 * good as any later one. So nothing is ever tried again, as a regular expression would.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const first = pattern.indexOf("*");
  if (first === -1) return pattern === text;
  const last = pattern.lastIndexOf("*");
  const end = text.length - (pattern.length - last - 1);
  if (!text.startsWith(pattern.slice(0, first)) || !text.endsWith(pattern.slice(last + 1))) return false;
  let position = first;
  for (const piece of pattern.slice(first + 1, Math.max(first + 1, last)).split("*")) {
    const found = text.indexOf(piece, position);
    if (found === -1) return false;
    position = found + piece.length;
  }
  return position <= end;
}
