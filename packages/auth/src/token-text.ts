/**
 * Which strings can be tokens at all.
 *
 * @module
 */

/** The longest value of a credential header, and so the longest token, in characters. */
export const maxTokenLength = 8192;

const visibleAscii = /^[\x21-\x7e]+$/;

/**
 * Whether `text` could be a token: 1–8192 visible ASCII characters. Blanks, control characters and anything
 * that a header cannot carry unchanged are out.
 */
export function isTokenText(text: string): boolean {
  return text.length <= maxTokenLength && visibleAscii.test(text);
}
