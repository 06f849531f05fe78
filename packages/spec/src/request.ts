/**
 * A request to a model, whichever edge it came in by.
 *
 * @module
 */

import type { ChatRequest } from "./chat.ts";
import type { DialectName } from "./dialect.ts";

/** A half-open byte range. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A request as it came over the wire, kept so that it can be relayed byte by byte. */
export interface WireBody {
  readonly dialect: DialectName;
  /** The JSON text, UTF-8. */
  readonly bytes: Uint8Array;
  /** Where the values of the top-level members stand in `bytes`, by member name. */
  readonly members: ReadonlyMap<string, ByteSpan>;
}

/** What is asked of the model: an answer, or only how many tokens the request has. */
export type LlmOperation = "chat" | "count-tokens";

/** A request that has been read and checked. */
export interface LlmRequest {
  readonly operation: LlmOperation;
  /** The model as the client named it. */
  readonly model: string;
  readonly stream: boolean;
  /** The request in the shared vocabulary. */
  readonly chat: ChatRequest;
  /** The wire form; absent when the request did not come as JSON of a dialect. */
  readonly body?: WireBody;
  /**
   * Headers of the client that belong to the dialect of `body`, such as `anthropic-beta`: chosen by the edge from
   * an allow list, names in lower case. They are sent only to a provider that speaks this dialect, and never in
   * the place of a configured header or of credentials.
   */
  readonly dialectHeaders?: Readonly<Record<string, string>>;
}
