/**
 * The headers of an upstream's answer.
 *
 * @module
 */

/** Lower-case names; what came several times is joined by commas (RFC 9110 §5.3). */
export type UpstreamHeaders = Readonly<Record<string, string | undefined>>;

/** Joins what came several times. */
export function readHeaders(
  received: Readonly<Record<string, string | string[] | undefined>>,
): UpstreamHeaders {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const name in received) {
    const value = received[name];
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}
