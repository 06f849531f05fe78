/**
 * How much of what a model writes is in frames, counted without parsing them.
 *
 * @module
 */

const backslash = "\\".charCodeAt(0);

/**
 * Counts the bytes of some members' strings as they stand in the JSON, escapes included.
 *
 * @param text - frames as a text of bytes
 * @param start - a global expression for where such a string begins, up to the quote that begins it
 */
export function outputLength(text: string, start: RegExp): number {
  let length = 0;
  start.lastIndex = 0;
  while (start.test(text)) {
    const from = start.lastIndex;
    const end = stringEnd(text, from);
    length += end - from;
    start.lastIndex = end;
  }
  return length;
}

/** Where the quote is that ends a JSON string. An expression for it would need a stack as deep as the string is long. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
