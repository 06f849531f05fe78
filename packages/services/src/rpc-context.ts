/**
 * What a handler knows about an RPC beside its message, whichever driver it came in by.
 *
 * @module
 */

import type { Credentials, Principal } from "@llmproxy/spec";

/** Headers of the request; names are case-insensitive. */
export interface RequestHeaders {
  /** The value, several joined by `, `; null when absent. */
  get(name: string): string | null;
}

/** Headers or trailers of the response. */
export interface ResponseHeaders {
  /** Replaces the value. */
  set(name: string, value: string): void;
}

/** One RPC with its identity, deadline and signal. */
export interface RpcContext {
  /** The client's `x-request-id` where acceptable, else made here; sent back as `x-request-id`. */
  readonly requestId: string;
  /** `/<service>/<method>` under its own name, never an alias; safe as a metric label. */
  readonly endpoint: string;
  /** What the client presented; `none` for public RPCs, which do not look. */
  readonly credentials: Credentials;
  /** Who is asking; without any role for public RPCs. */
  readonly principal: Principal;
  /** The client's address; absent for RPCs from inside the process. */
  readonly clientAddress?: string;
  /** The client's `traceparent`. */
  readonly traceparent?: string;
  /** Aborts when the client leaves, the deadline passes or the server stops; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** When the client stops waiting; absent when it set no deadline. */
  readonly deadline?: Date;
  readonly headers: RequestHeaders;
  /** Must be set before the first message of a stream. */
  readonly responseHeaders: ResponseHeaders;
  readonly responseTrailers: ResponseHeaders;
}
