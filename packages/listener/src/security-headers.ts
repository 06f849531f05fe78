/**
 * Headers that make answers harmless in a browser.
 *
 * @module
 */

/**
 * Headers of every answer, unless the handler says otherwise: do not guess the content's type, do not store
 * it, do not tell others about it, and do not run or frame it.
 */
export const securityHeaders: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];
