/**
 * Making a call out of what an edge knows.
 *
 * @module
 */

import type {
  Call,
  Clock,
  Credentials,
  LlmRequest,
  Logger,
  Permission,
  Principal,
  ProxyError,
  RequestReader,
} from "@llmproxy/spec";
import { requestIdOf } from "./ids.ts";

/** What an edge knows about a request before anything is read. */
export interface CallOptions {
  /** The client's `x-request-id`; one that is not acceptable is replaced. */
  readonly requestId?: string | undefined;
  /** The route template or RPC, e.g. `/v1/chat/completions`. */
  readonly endpoint: string;
  readonly permission: Permission;
  readonly credentials: Credentials;
  /** Who calls, where that needs no proof: code in this process. */
  readonly principal?: Principal | undefined;
  /** What is already known to be wrong with the request's headers. */
  readonly refusal?: ProxyError | undefined;
  readonly clientAddress?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Aborts when the client leaves; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** Reads the request; absent where there is none. */
  readonly read?: RequestReader | undefined;
}

/** Makes a call that begins now. */
export function createCall(options: CallOptions, clock: Clock, logger: Logger): Call {
  const now = clock.now();
  const { refusal, clientAddress, traceparent, read, principal } = options;
  return {
    id: requestIdOf(options.requestId, now),
    endpoint: options.endpoint,
    permission: options.permission,
    credentials: options.credentials,
    ...(refusal && { refusal }),
    ...(principal && { principal }),
    ...(clientAddress !== undefined && { clientAddress }),
    ...(traceparent !== undefined && { traceparent }),
    signal: options.signal,
    ...(read && { read }),
    startedAt: new Date(now),
    startedMs: clock.monotonic(),
    phase: "queued",
    logger,
    attempts: [],
  };
}

/** A reader for a request that is known already. */
export function alreadyRead(request: LlmRequest): RequestReader {
  return () => Promise.resolve(request);
}
