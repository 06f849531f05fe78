/**
 * Something that answers model requests.
 *
 * @module
 */

import type { CallPhase, TraceContext } from "./call.ts";
import type { ModelInfo } from "./model.ts";
import type { Reply } from "./reply.ts";
import type { LlmRequest } from "./request.ts";

/** One request to one provider. */
export interface ProviderCall {
  /** The call's request id. */
  readonly id: string;
  /** The model as the vendor names it. */
  readonly model: string;
  readonly request: LlmRequest;
  readonly trace?: TraceContext;
  /** Aborting releases everything, in every phase; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** Told where the call is: `connecting`, then `headers` once the request is sent. */
  onPhase(phase: CallPhase): void;
}

/** A provider. Whatever is opened for a call is closed when its reply ends or `call` rejects. */
export interface Provider {
  /** The configured name; unique. */
  readonly name: string;
  /** The kind, e.g. `openai-compatible`. */
  readonly kind: string;
  /**
   * Resolves at the first output, so that an earlier failure is an error the router can fall back from.
   *
   * @throws `upstream_failed` with the vendor's status, or without one when it could not be reached
   * @throws `upstream_auth` when the vendor refused our credentials
   * @throws `upstream_cut` when the vendor broke off before its first output
   * @throws `deadline_exceeded` when a timeout of the provider passed
   * @throws the signal's reason when it aborted
   */
  call(call: ProviderCall): Promise<Reply>;
  /**
   * Counts the input tokens of a request, as the vendor would bill them. Absent where the vendor has no such
   * service; an estimate is then the best there is.
   *
   * @throws what {@link Provider.call} throws
   */
  countTokens?(call: ProviderCall): Promise<number>;
  /** The catalogue as known now; never does I/O. */
  models(): readonly ModelInfo[];
  /** Closes idle connections and stops background work. Replies in flight go on. */
  close(): Promise<void>;
}
