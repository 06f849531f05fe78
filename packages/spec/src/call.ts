/**
 * A call on its way through the pipeline.
 *
 * @module
 */

import type { ProxyError } from "./error.ts";
import type { Credentials, Permission, Principal } from "./identity.ts";
import type { Logger } from "./logger.ts";
import type { Route, Target } from "./model.ts";
import type { Reply } from "./reply.ts";
import type { LlmRequest } from "./request.ts";

/** Where a call is before it ends. */
export type CallPhase = "queued" | "connecting" | "headers" | "streaming";

/** W3C Trace Context of a call. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits: this server's span. */
  readonly spanId: string;
  /** Whether the caller asked for the trace to be recorded. */
  readonly sampled: boolean;
}

/** One try of one target. Times are `Clock.monotonic` milliseconds. */
export interface Attempt {
  readonly target: Target;
  readonly startedMs: number;
  /** When the first output came; absent when none did. */
  firstOutputMs?: number;
  /** When the attempt ended; absent while it runs. */
  endedMs?: number;
  /** How it ended; absent while it runs. */
  outcome?: "succeeded" | "failed" | "canceled";
  /** The code of its failure. */
  errorCode?: string;
}

/** Reads a request; called once, after the caller has been admitted. */
export type RequestReader = (signal: AbortSignal) => Promise<LlmRequest>;

/**
 * One request with its identity, deadline and signal. The edge makes it; stages fill in the rest in the
 * order of the pipeline.
 */
export interface Call {
  /** Request id: the client's `x-request-id` where acceptable, else made here. */
  readonly id: string;
  /** The route template or RPC the call came by, e.g. `/v1/chat/completions`; safe as a metric label. */
  readonly endpoint: string;
  /** The client's address; absent for calls from inside the process. */
  readonly clientAddress?: string;
  readonly credentials: Credentials;
  /**
   * What the edge found wrong with the headers; the `admit` stage throws it, so that it is counted and logged as
   * every other refusal is.
   */
  readonly refusal?: ProxyError;
  /** What the caller must be allowed to do; the `admit` stage checks it. */
  readonly permission: Permission;
  /** The client's `traceparent` header. */
  readonly traceparent?: string;
  /** Aborts when the client leaves, the deadline passes or the server stops; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** When the call came in. */
  readonly startedAt: Date;
  /** The same moment on `Clock.monotonic`. */
  readonly startedMs: number;
  /** Reads the body; the `read` stage calls it. Absent where there is no model request, as when models are listed. */
  readonly read?: RequestReader;
  /** Where the call is now. */
  phase: CallPhase;
  /** Set by `trace`: logs with the call's id. */
  logger: Logger;
  /** Set by `trace`. */
  trace?: TraceContext;
  /** Set by `admit`. */
  principal?: Principal;
  /** Set by `read`. */
  request?: LlmRequest;
  /** Set by `route`. */
  route?: Route;
  /** Tries so far, oldest first. */
  readonly attempts: Attempt[];
}

/** Answers a call. Rejects with a `ProxyError` when there is no answer. */
export type Handler = (call: Call) => Promise<Reply>;

/** Wraps the rest of the path; the first stage of a list is the outermost. */
export type Stage = (next: Handler) => Handler;
