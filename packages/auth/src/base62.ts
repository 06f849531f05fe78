/**
 * Text of digits and letters only, which survives a double click, a URL and a shell.
 *
 * @module
 */

import { randomInt } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Writes a number in base 62, most significant digit first.
 *
 * @param value - an integer, 0 … 62^length − 1, at most 2^53 − 1
 * @param length - how many characters; filled up with zeros on the left
 */
export function toBase62(value: number, length: number): string {
  let text = "";
  let rest = value;
  while (text.length < length) {
    text = alphabet.charAt(rest % alphabet.length) + text;
    rest = Math.floor(rest / alphabet.length);
  }
  return text;
}

/** `length` characters from the system's secure source, each of the 62 equally likely. */
export function randomBase62(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}
