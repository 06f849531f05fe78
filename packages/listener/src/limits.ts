/**
 * How much a client may ask of the listener, and for how long.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** The limits of one listener; whole numbers of at least 1. */
export interface ListenerLimits {
  /** Open connections; one more is closed at once. Default 10,000. */
  readonly maxConnections: number;
  /**
   * Open connections from one IP address; one more is closed at once. Loopback addresses are exempt; behind a
   * proxy of few addresses raise it. Default 200.
   */
  readonly maxConnectionsPerIp: number;
  /** From the connection to the bytes that tell its protocol, in milliseconds. Default 5,000. */
  readonly firstByteTimeoutMs: number;
  /** How long a connection that was refused may take to read why, in milliseconds. Default 1,000. */
  readonly lingerTimeoutMs: number;

  /**
   * How long the rest of a body is thrown away after its answer was written, in milliseconds, so that a client
   * that is still sending gets to read it. Default 5,000.
   */
  readonly discardTimeoutMs: number;
  /** Bytes of request line and headers (HTTP/1.1), of the header list (HTTP/2). Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** Number of header fields of a request. Default 100. */
  readonly maxHeaders: number;

  /** HTTP/1.1: for all headers of a request to arrive, in milliseconds; at most `requestTimeoutMs`. Default 10,000. */
  readonly headersTimeoutMs: number;
  /**
   * HTTP/1.1: for a whole request to arrive, in milliseconds. Says nothing of the answer, which may stream
   * for hours. Default 60,000.
   */
  readonly requestTimeoutMs: number;
  /** HTTP/1.1: how often the two timeouts above are looked at, in milliseconds. Default 1,000. */
  readonly timeoutCheckIntervalMs: number;
  /**
   * HTTP/1.1: how long a connection may wait for its next request, in milliseconds. Default 65,000, above the
   * 60 s after which load balancers drop an idle connection themselves.
   */
  readonly keepAliveTimeoutMs: number;
  /** HTTP/1.1: requests on one connection, then it is closed. Default 1,000. */
  readonly maxRequestsPerSocket: number;
  /**
   * HTTP/1.1: pipelined requests that wait for the running one; when there are more, no further bytes are
   * read. Default 100.
   */
  readonly maxPipelinedRequests: number;
  /** HTTP/2: open streams per session. Default 100. */
  readonly maxConcurrentStreams: number;
  /** HTTP/2: memory of one session, in units of 10^6 bytes. Default 32. */
  readonly maxSessionMegabytes: number;
  /** HTTP/2: invalid frames before the session is closed. Default 50. */
  readonly maxInvalidFrames: number;
  /** HTTP/2: refused streams before the session is closed. Default 50. */
  readonly maxRejectedStreams: number;
  /** HTTP/2: streams a client may reset at once before the session is closed. Default 100. */
  readonly streamResetBurst: number;
  /** HTTP/2: resets per second that refill the burst. Default 20. */
  readonly streamResetsPerSecond: number;
  /** HTTP/2: own pings that await their answer. Default 10. */
  readonly maxOutstandingPings: number;
  /** HTTP/2: entries of one SETTINGS frame. Default 32. */
  readonly maxSettings: number;

  /** HTTP/2: how often the session limits below are looked at, in milliseconds. Default 500. */
  readonly sessionCheckIntervalMs: number;
  /** HTTP/2: bytes a session may send that are neither body nor earned by a request. Default 256 KiB. */
  readonly sessionOverheadBytes: number;
  /** HTTP/2: such bytes in addition for each stream. Default 64 KiB. */
  readonly sessionOverheadBytesPerStream: number;
  /**
   * HTTP/2: from the start of a session to its first request and the acknowledgement of our settings, in
   * milliseconds. Default 5,000.
   */
  readonly sessionFirstRequestTimeoutMs: number;
  /** HTTP/2: how long a session may be without a stream, in milliseconds. Default 5 minutes. */
  readonly sessionIdleTimeoutMs: number;
  /**
   * HTTP/2: after which time the client is asked to open a new session, in milliseconds; open streams go on.
   * Each session varies it by up to 10 %, lest all come back at once. Default 30 minutes.
   */
  readonly sessionMaxAgeMs: number;
  /** HTTP/2: pings while no stream is open that come sooner than this after the last one are early. Default 1,000. */
  readonly minPingIntervalMs: number;
  /** HTTP/2: early pings between two streams before the session is closed. Default 10. */
  readonly maxEarlyPings: number;
}

/** The limits of a listener that is told none. */
export const defaultListenerLimits: ListenerLimits = {
  maxConnections: 10_000,
  maxConnectionsPerIp: 200,
  firstByteTimeoutMs: 5_000,
  lingerTimeoutMs: 1_000,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  timeoutCheckIntervalMs: 1_000,
  keepAliveTimeoutMs: 65_000,
  maxRequestsPerSocket: 1_000,
  maxPipelinedRequests: 100,
  discardTimeoutMs: 5_000,
  maxConcurrentStreams: 100,
  maxSessionMegabytes: 32,
  maxInvalidFrames: 50,
  maxRejectedStreams: 50,
  streamResetBurst: 100,
  streamResetsPerSecond: 20,
  maxOutstandingPings: 10,
  maxSettings: 32,
  sessionCheckIntervalMs: 500,
  sessionOverheadBytes: 256 * 1024,
  sessionOverheadBytesPerStream: 64 * 1024,
  sessionFirstRequestTimeoutMs: 5_000,
  sessionIdleTimeoutMs: 5 * 60_000,
  sessionMaxAgeMs: 30 * 60_000,
  minPingIntervalMs: 1_000,
  maxEarlyPings: 10,
};

// Node keeps options of HTTP/2 in 32 bits and delays of timers in 31.
const largestLimit = 2 ** 31 - 1;

/**
 * Completes the given limits with the defaults.
 *
 * @throws `ProxyError` with code `invalid_request` naming the limit that is out of range
 */
export function resolveLimits(given: Partial<ListenerLimits>): ListenerLimits {
  const limits = { ...defaultListenerLimits, ...given };
  for (const [name, value] of Object.entries(limits))
    if (!Number.isInteger(value) || value < 1 || value > largestLimit)
      throw invalidLimit(name, `must be a whole number from 1 to ${largestLimit}`);
  if (limits.headersTimeoutMs > limits.requestTimeoutMs)
    throw invalidLimit("headersTimeoutMs", "must not be longer than requestTimeoutMs");
  return limits;
}

function invalidLimit(name: string, rule: string): ProxyError {
  return new ProxyError("invalid_request", `limits.${name} ${rule}`, { field: `limits.${name}` });
}
