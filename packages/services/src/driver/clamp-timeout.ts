/**
 * Deadlines longer than the server waits for.
 *
 * @module
 */

/** Headers as `node:http` has them. */
type Headers = Record<string, string | string[] | undefined>;

/** Milliseconds of the units of `grpc-timeout`. */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Shortens `grpc-timeout` and `connect-timeout-ms` to what the server allows, in place. A client that is willing to
 * wait for ever is no mistake, so it is not refused; what cannot be read is left for the protocol to refuse.
 *
 * @param maxTimeoutMs - at most 99,999,999
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Timeout)
 */
export function clampTimeout(headers: Headers, maxTimeoutMs: number): void {
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(String(headers["grpc-timeout"]));
  if (grpc && Number(grpc[1]) * (units[grpc[2] ?? ""] ?? 0) > maxTimeoutMs)
    headers["grpc-timeout"] = `${maxTimeoutMs}m`;
  const connect = /^\d{1,10}$/.exec(String(headers["connect-timeout-ms"]));
  if (connect && Number(connect[0]) > maxTimeoutMs) headers["connect-timeout-ms"] = String(maxTimeoutMs);
}
