/**
 * Chance, from the platform's own source.
 *
 * @module
 */

/** A number from 0 up to 1. */
export function randomShare(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}

/** 128 bits as hexadecimal digits. `crypto.randomUUID` would not do: pages that came by plain HTTP do not have it. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
